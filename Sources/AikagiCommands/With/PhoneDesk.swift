import BluetoothLE
import CTAP
import HybridProtocol
import HybridTransport
import NIOPosix
import SoftwareAuthenticator
import Synchronization

/// The phones that lie beside a session's screen: one of them is in hand, scans what appears, and answers.
final class PhoneDesk: Sendable {
    /// A phone.
    struct Phone: Sendable {
        let argument: PhoneArgument
        let authenticator: any CTAPAuthenticator
        /// The person who holds it.
        let gate: any BiometricGate
    }

    private struct State {
        var order: [Int]
        var scanned: Set<String> = []
        /// The code that appeared last, if no phone was in hand.
        var unscanned: String?
    }

    /// Codes to scan that appeared when no phone was in hand, once one is.
    let leftOver: AsyncStream<String>
    private let lookAgain: AsyncStream<String>.Continuation

    private let phones: [Phone]
    private let radio: any BluetoothRadio
    private let domain: TunnelDomain
    private let endpoint: TunnelEndpoint
    private let tunnelTrouble: String?
    private let log: EventLog
    private let state: Mutex<State>

    /// A desk with phones on it.
    ///
    /// - Parameters:
    ///   - radio: The air between the phones and the program's adapter.
    ///   - endpoint: The tunnel service of the domain.
    ///   - tunnelTrouble: The event that says why the program will not get to the tunnel service, if it will not.
    init(
        phones: [Phone], radio: any BluetoothRadio, domain: TunnelDomain, endpoint: TunnelEndpoint,
        tunnelTrouble: String? = nil, log: EventLog
    ) {
        self.tunnelTrouble = tunnelTrouble
        self.phones = phones
        self.radio = radio
        self.domain = domain
        self.endpoint = endpoint
        self.log = log
        (leftOver, lookAgain) = AsyncStream.makeStream(of: String.self)
        state = Mutex(State(order: phones.indices.filter { !phones[$0].argument.isAway }))
    }

    /// The names of the phones, and whether each lies ready; the first that does is in hand.
    var names: [(name: String, isReady: Bool)] {
        let order = state.withLock(\.order)
        return phones.indices.map { (phones[$0].argument.name, order.contains($0)) }
    }

    /// Takes a phone in hand, or puts it away.
    func set(_ index: Int, inHand: Bool) {
        let code = state.withLock { state -> String? in
            state.order.removeAll { $0 == index }
            guard inHand else { return nil }
            state.order.insert(index, at: 0)
            defer { state.unscanned = nil }
            return state.unscanned
        }
        if let code { lookAgain.yield(code) }
        log.note(inHand ? "in-hand" : "away", device: phones[index].argument.name)
    }

    /// Forgets a code that nobody has scanned: it is no longer shown.
    func forgetLeftOver() { state.withLock { $0.unscanned = nil } }

    /// Opens a tunnel that nobody uses: the first one takes 20 ms longer than all others, which no scan should wait for.
    func warmUp() async {
        guard let id = TunnelID((0..<16).map { _ in .random(in: 0...255) }) else { return }
        // What does not work here fails when a phone needs it, and is told then.
        try? await TunnelConnection.withConnection(to: endpoint, path: .new(id)) { _ in }
    }

    /// Lets the phone in hand scan a code that appeared, and answer; returns when its session is over.
    ///
    /// Each code is scanned once.
    ///
    /// - Parameter unseenAt: When the screen did not show it yet.
    func scan(_ text: String, unseenAt: ContinuousClock.Instant? = nil) async {
        let order = state.withLock { state -> [Int] in
            state.unscanned = state.order.isEmpty ? text : nil
            guard !state.order.isEmpty, state.scanned.insert(text).inserted else { return [] }
            return state.order
        }
        guard !order.isEmpty else { return }
        guard let index = await whoScans(order) else { return log.note("nobody-scans") }
        let phone = phones[index]
        let name = phone.argument.name
        do {
            let code = try HybridQRCode(url: text)
            if phone.argument.scanning == .manual {
                var seen = HybridEventLine("qr-code")
                seen.url = text
                log.note(seen, device: name)
                return Console.standard.note("\(name) sees a QR code; scan it with:\n  aikagi phone scan '\(text)'")
            }
            var scanned = HybridEventLine("scanned")
            scanned.hint = code.operationHint.rawValue
            scanned.shownMilliseconds = unseenAt.map { ($0.duration(to: .now) / .milliseconds(1)).rounded() }
            log.note(scanned, device: name)
            try await Task.sleep(for: phone.argument.scanDelay)
            try await answer(code, with: phone)
        } catch is CancellationError {
            return
        } catch {
            log.fail("\(error)", device: name)
        }
    }

    /// Who of several people with a phone in reach takes it: the first who wants to.
    ///
    /// Where all leave it to the others without being asked, the first has to.
    private func whoScans(_ order: [Int]) async -> Int? {
        guard order.count > 1 else { return order.first }
        for index in order {
            if let scans = phones[index].argument.gate.scans {
                if scans { return index }
            } else if await phones[index].gate.decide(UserRequest(.scan, needsVerification: false)) == .approved {
                return index
            }
        }
        return order.first { phones[$0].argument.gate.scans == false }
    }

    private struct HungUp: Error {}

    private func answer(_ code: HybridQRCode, with phone: Phone) async throws {
        let (signals, hangUp) = AsyncStream.makeStream(of: Void.self)
        let (log, argument) = (log, phone.argument)
        var authenticator = phone.authenticator
        if let step = argument.hangUp, step == .request || step == .response {
            authenticator = SilencedAuthenticator(authenticator, answersUser: step == .response) { hangUp.yield() }
        }
        let whyNot = argument.isOutOfRange ? "out-of-range" : tunnelTrouble
        let session = HybridAuthenticatorSession(
            qrCode: code, authenticator: authenticator, domain: domain, endpoint: endpoint,
            radio: argument.isOutOfRange ? InProcessRadio() : radio,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            observer: { event in
                log.note(HybridEventLine(event), device: argument.name)
                if case .advertising = event, let whyNot { log.note(whyNot, device: argument.name) }
                switch (event, argument.hangUp) {
                case (.advertising, .tunnel): hangUp.yield()
                case (.handshakeFinished, .handshake):
                    // At once: the session's next step would already say what the phone can do.
                    withUnsafeCurrentTask { $0?.cancel() }
                    hangUp.yield()
                default: break
                }
            })
        await withTaskGroup(of: Result<[CTAPStatus], any Error>.self) { group in
            group.addTask {
                do { return .success(try await session.run()) } catch { return .failure(error) }
            }
            group.addTask {
                for await _ in signals { return .failure(HungUp()) }
                return .failure(CancellationError())
            }
            let first = await group.next()
            group.cancelAll()
            switch first {
            case .failure(is HungUp): log.note("hung-up", device: argument.name)
            case .failure(is CancellationError) where argument.hangUp == .handshake && !Task.isCancelled:
                log.note("hung-up", device: argument.name)
            case .failure(let error) where !(error is CancellationError): log.fail("\(error)", device: argument.name)
            default: break
            }
        }
    }
}
