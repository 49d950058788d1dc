public import CTAP
import Crypto
import FoundationEssentials
import WebAuthnModel

/// A touch that a CTAP1 client waits for: it asks again and again, and is told to wait meanwhile.
struct CTAP1Touch: Sendable {
    /// How long it is waited for, and how long it counts.
    static let lifetime: Duration = .seconds(10)
    /// How long one request waits: a gate that answers at once should not need a second one.
    static let patience: Duration = .milliseconds(100)

    /// Tells it from every other.
    let id: UInt64
    /// The request that it is for.
    let request: [UInt8]
    let startedAt: Duration
    let task: Task<Void, Never>
    var decision: UserDecision?
    /// Tells the request that waits.
    var waiter: AsyncStream<Void>.Continuation?
}

extension Authenticator: CTAP1Authenticator {
    /// Status words (U2F Raw Message Formats 1.2 §3.3).
    private enum StatusWord: UInt16 {
        case noError = 0x9000
        case wrongLength = 0x6700
        case conditionsNotSatisfied = 0x6985
        case commandNotAllowed = 0x6986
        case wrongData = 0x6A80
        case instructionNotSupported = 0x6D00
        case classNotSupported = 0x6E00

        var bytes: [UInt8] { [UInt8(rawValue >> 8), UInt8(rawValue & 0xFF)] }
    }

    /// Whether it answers CTAP1/U2F: as security keys do.
    public nonisolated var answersCTAP1: Bool { configuration.answersCTAP1 }

    /// Answers one CTAP1/U2F command APDU (CTAP 2.3 §7).
    public func respond(toAPDU apdu: [UInt8], in context: CTAPRequestContext) async -> [UInt8] {
        guard let command = CommandAPDU(apdu) else { return StatusWord.wrongLength.bytes }
        guard command.instructionClass == 0 else { return StatusWord.classNotSupported.bytes }
        guard configuration.answersCTAP1 else { return StatusWord.instructionNotSupported.bytes }
        // One touch serves one request: while another one is worked on, and perhaps waits for the user, the client is told to
        // ask again. What asks nobody and changes nothing is answered all the same: the same words would mean that a handle
        // is ours.
        let isTurn = queue.tryToEnter()
        guard isTurn || !command.needsTurn else { return StatusWord.conditionsNotSatisfied.bytes }
        defer { if isTurn { queue.leave() } }
        if isTurn { (remainingAssertions, enumerations, largeBlobWrite) = (nil, CredentialEnumerations(), nil) }
        do {
            // CTAP1 knows no verification (CTAP 2.3 §7.2.4, alwaysUv).
            guard try await !state().alwaysVerifiesUser else { return StatusWord.commandNotAllowed.bytes }
            switch command.instruction {
            case 0x01: return try await registerU2F(command.data, in: context)
            case 0x02: return try await authenticateU2F(command, in: context)
            case 0x03:
                guard command.data.isEmpty else { return StatusWord.wrongLength.bytes }
                return Array("U2F_V2".utf8) + StatusWord.noError.bytes
            default: return StatusWord.instructionNotSupported.bytes
            }
        } catch let status as CTAP1Refusal {
            return status.bytes
        } catch {
            reportFailure(error)
            return [0x6F, 0x00]  // no precise diagnosis (ISO 7816-4)
        }
    }

    private struct CTAP1Refusal: Error {
        let bytes: [UInt8]

        init(_ word: StatusWord) { bytes = word.bytes }
    }

    /// U2F_REGISTER: `challenge[32] ‖ application[32]`.
    private func registerU2F(_ data: [UInt8], in context: CTAPRequestContext) async throws -> [UInt8] {
        guard data.count == 64 else { throw CTAP1Refusal(.wrongLength) }
        let (challenge, application) = (Array(data.prefix(32)), Array(data.dropFirst(32)))
        let reason = UserRequest.Reason.makeCredential(
            relyingPartyID: "a site (U2F)", relyingPartyName: nil, userName: nil)
        guard await isTouched(data, reason, in: context) else { throw CTAP1Refusal(.conditionsNotSatisfied) }
        let key = try CredentialPrivateKey(generating: .es256, supplement: .none, using: &randomness)
        let handle = try WrappedCredentialID.seal(
            key, properties: CredentialProperties(), relyingPartyIDHash: application,
            wrappingKey: try await wrappingKey(), using: &randomness)
        guard case .ec2(_, _, let x, let y) = key.publicKey else { throw CTAP1Refusal(.wrongData) }
        let point = [0x04] + x + y
        let identity = try await u2fIdentity()
        let signature = try identity.privateKey.signature(for: [0x00] + application + challenge + handle + point)
        remember(application)
        return [0x05] + point + [UInt8(handle.count)] + handle + identity.leafCertificate + signature
            + StatusWord.noError.bytes
    }

    /// U2F_AUTHENTICATE: `challenge[32] ‖ application[32] ‖ length ‖ key handle`.
    private func authenticateU2F(_ command: CommandAPDU, in context: CTAPRequestContext) async throws -> [UInt8] {
        let data = command.data
        guard data.count >= 65, data.count == 65 + Int(data[64]) else { throw CTAP1Refusal(.wrongLength) }
        let (challenge, application) = (Array(data.prefix(32)), Array(data[32..<64]))
        guard let key = try await u2fKey(Array(data.dropFirst(65)), application) else {
            throw CTAP1Refusal(.wrongData)
        }
        let mustTouch: Bool
        switch command.parameter1 {
        case 0x07: throw CTAP1Refusal(.conditionsNotSatisfied)  // check only: the handle is ours
        case 0x03: mustTouch = true
        case 0x08: mustTouch = false
        default: throw CTAP1Refusal(.wrongData)
        }
        if mustTouch {
            let reason = UserRequest.Reason.getAssertion(relyingPartyID: "a site (U2F)")
            guard await isTouched(data, reason, in: context) else { throw CTAP1Refusal(.conditionsNotSatisfied) }
        }
        let counter = try await store.nextSignatureCounter()
        let rest = [mustTouch ? 1 : 0] + (0..<4).map { UInt8(truncatingIfNeeded: counter >> (24 - 8 * $0)) }
        return rest + (try key.signature(for: application + rest + challenge)) + StatusWord.noError.bytes
    }

    /// The key that a handle is for, if it is one of ours that CTAP1 may use.
    private func u2fKey(_ handle: [UInt8], _ application: [UInt8]) async throws -> CredentialPrivateKey? {
        let (key, properties): (CredentialPrivateKey, CredentialProperties)
        if let source = try await store.source(id: handle), Authenticator.hash(source.relyingPartyID) == application {
            (key, properties) = (source.privateKey, source.properties)
        } else if let content = WrappedCredentialID.open(
            handle, relyingPartyIDHash: application, wrappingKey: try await wrappingKey(),
            supplement: configuration.supplement)
        {
            (key, properties) = (content.privateKey, content.properties)
        } else {
            return nil
        }
        return key.algorithm == .es256 && properties.protection < .userVerificationRequired ? key : nil
    }

    /// What U2F registrations are signed with: the model's identity, or one that is made for this store.
    private func u2fIdentity() async throws -> AttestationIdentity {
        for attestation in configuration.attestations {
            if case .basic(let identity) = attestation { return identity }
            if case .fidoU2F(let identity) = attestation { return identity }
        }
        if let identity = try await store.attestationIdentity(orStoring: nil) { return identity }
        let identity = try newIdentity()
        return try await store.attestationIdentity(orStoring: identity) ?? identity
    }

    private func newIdentity() throws(AttestationIdentityError) -> AttestationIdentity {
        // All arguments are given: the compiler (6.3.1) crashes on default ones beside a generator of a type that it does not
        // know.
        try AttestationIdentity(
            aaguid: configuration.flavour.aaguid, organization: "Aikagi", countryCode: "ZZ",
            validFrom: AttestationIdentity.firstDay, using: &randomness)
    }

    /// Whether the user has touched the key for a request; asks them when nobody has yet.
    private func isTouched(
        _ request: [UInt8], _ reason: UserRequest.Reason, in context: CTAPRequestContext
    ) async -> Bool {
        if let touch = ctap1Touch, touch.request != request || time.now() - touch.startedAt > CTAP1Touch.lifetime {
            forgetTouch()
        }
        if ctap1Touch == nil {
            // It outlives this request by design: the client goes away and asks again. It ends with the answer, the lifetime,
            // another request, or the power.
            ctap1TouchCount += 1
            let id = ctap1TouchCount
            let task = Task { [gate, time] in
                let question = UserRequest(reason, needsVerification: false)
                let decision = await withTaskGroup(of: UserDecision.self) { group in
                    group.addTask { await gate.decide(question) }
                    group.addTask {
                        do { try await time.sleep(CTAP1Touch.lifetime) } catch {}  // cancelled: nobody reads this
                        return .timedOut
                    }
                    defer { group.cancelAll() }
                    return await group.next() ?? .timedOut
                }
                self.finishTouch(id, decision)
            }
            ctap1Touch = CTAP1Touch(id: id, request: request, startedAt: time.now(), task: task)
        }
        if ctap1Touch?.decision == nil { await waitForTouch() }
        guard let decision = ctap1Touch?.decision else { return false }
        switch decision {
        case .approved, .finger, .sample, .briefTouch:
            ctap1Touch = nil
            return true
        // It stands until the time is over: the client's next question is not the person's.
        case .denied, .verificationFailed, .timedOut: return false
        }
    }

    private func waitForTouch() async {
        let (touched, waiter) = AsyncStream.makeStream(of: Void.self)
        ctap1Touch?.waiter = waiter
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in touched { return } }
            group.addTask { [time] in try? await time.sleep(CTAP1Touch.patience) }
            await group.next()
            group.cancelAll()
        }
        ctap1Touch?.waiter = nil
    }

    /// Withdraws the question that a client may still be waiting for.
    func forgetTouch() {
        ctap1Touch?.task.cancel()
        ctap1Touch = nil
    }

    private func finishTouch(_ id: UInt64, _ decision: UserDecision) {
        guard ctap1Touch?.id == id else { return }
        ctap1Touch?.decision = decision
        ctap1Touch?.waiter?.yield()
    }
}

extension CommandAPDU {
    /// Whether it makes a credential or uses one: U2F_REGISTER, and U2F_AUTHENTICATE but for its check of a handle.
    fileprivate var needsTurn: Bool { instruction == 0x01 || (instruction == 0x02 && parameter1 != 0x07) }
}
