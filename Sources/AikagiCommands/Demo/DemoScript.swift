import BluetoothLE
import CTAP
import ClientPlatform
import FoundationEssentials
import HybridProtocol
import HybridTransport
import NIOPosix
import QRCodes
import Synchronization
import WebAuthnModel

/// The manual from its first step to its last, with a person, a PC, a phone and the portal.
struct DemoScript: Sendable {
    /// Does the steps and keeps their results.
    let runner: StepRunner
    /// The person's browser on the PC.
    let portal: PortalSession
    /// The person's mail.
    let mailbox: MailReader
    /// The account.
    let account: FirstLogin.Account
    /// The PC's and the phone's authenticators.
    let devices: DemoDevices
    /// What is between them.
    let radio: InProcessRadio
    /// The tunnel service that the phone uses.
    let domain: TunnelDomain
    /// Where that service is.
    let endpoint: TunnelEndpoint
    /// What the report keeps.
    let evidence: DemoEvidence

    private var timeline: Timeline { runner.timeline }
    private var origin: String { portal.browser.origin }

    /// Walks through the manual.
    func run() async throws {
        try await FirstLogin(
            portal: portal, mailbox: mailbox, account: account, perform: { try await runner.step($0, $1) }
        ).walk()
        try await biometricsOnPC()
        try await biometricsOnPhone()
        try await crossDeviceLogin()
    }

    // MARK: 2-1

    private func biometricsOnPC() async throws {
        let page = try await runner.step("2-1.1") {
            // The initial password must have stopped working (1.9).
            do {
                _ = try await portal.logIn(userID: account.userID, password: account.initialPassword)
                throw WebFailure("the initial password still works")
            } catch is LoginRefusal {
                // As it must be; any other failure is one.
            }
            let page = try await portal.logIn(userID: account.userID, password: account.password)
            return ("logged in; the initial password is refused", page)
        }
        try await runner.step("2-1.2") {
            guard page.steps.contains("2-1.2") else { throw WebFailure("the portal shows \(page.path)") }
            return "the portal offers to register a passkey"
        }
        let next = try await runner.step("2-1.3") {
            let options = try await portal.registrationOptions(attachment: "platform")
            timeline.mark("options", at: "portal")
            let response = try await devices.withLibFIDO2 { device in
                timeline.mark("request", at: "PC", "makeCredential through libfido2 and CTAPHID")
                let response = try await client().create(options, using: device, attachment: .platform)
                timeline.mark("response", at: "PC")
                return response
            }
            return (
                "fingerprint verified, credential made, verified by the portal",
                try await register(response, for: options, root: devices.attestationRoot)
            )
        }
        let naming = try await runner.step("2-1.4") {
            let naming = try await portal.browser.open(next)
            guard naming.steps.contains("2-1.6") else { throw WebFailure("the portal shows \(naming.path)") }
            return ("the portal has accepted the attestation and goes on", naming)
        }
        let credential = try await runner.step("2-1.5") {
            let known = evidence.ceremonies.last?.registration?.rawId.bytes
            guard let field = naming.field("credential"), Base64URL.decode(field) == known else {
                throw WebFailure("the portal asks for the name of another passkey")
            }
            return ("the portal knows the new passkey", field)
        }
        let fields = try await runner.step("2-1.6") {
            ("My PC", [("name", "My PC"), ("credential", credential)])
        }
        try await runner.step("2-1.7") {
            _ = try await portal.submit(fields, on: naming, expecting: "2-1.8")
            return "the portal goes on"
        }
        try await runner.step("2-1.8") { try await topPage(of: "2-1.8") }
    }

    // MARK: 2-2

    private func biometricsOnPhone() async throws {
        try await runner.step("2-2.1") {
            try await portal.logOut()
            _ = try await portal.logIn(userID: account.userID, password: account.password)
            let options = try await portal.authenticationOptions()
            timeline.mark("options", at: "portal")
            let response = try await devices.withLibFIDO2 { device in
                timeline.mark("request", at: "PC", "getAssertion through libfido2 and CTAPHID")
                let response = try await client().get(options, using: device, attachment: .platform)
                timeline.mark("response", at: "PC")
                return response
            }
            _ = try await authenticate(response, for: options)
            return "password, then the PC's biometrics, which the account now asks for"
        }
        try await runner.step("2-2.2") {
            let page = try await portal.browser.open("/passkeys/new")
            guard page.steps.contains("2-2.2") else { throw WebFailure("the portal shows \(page.path)") }
            return "the portal offers to register another passkey"
        }
        let next = try await runner.step("2-2.3") {
            let options = try await portal.registrationOptions(attachment: "cross-platform")
            timeline.mark("options", at: "portal")
            let (key, picture) = try showQRCode(hint: .makeCredential)
            let response = try await withPhone(key, picture) { phone in
                try await client().create(options, using: phone, attachment: .crossPlatform)
            }
            return (
                "QR code scanned, face verified, passkey made on the phone",
                try await register(response, for: options, root: nil)
            )
        }
        try await runner.step("2-2.4") {
            let naming = try await portal.browser.open(next)
            let fields = [("name", "My phone"), ("credential", naming.field("credential") ?? "")]
            _ = try await portal.submit(fields, on: naming, expecting: "2-2.5")
            return "My phone"
        }
        try await runner.step("2-2.5") { try await topPage(of: "2-2.5") }
    }

    // MARK: ★

    private func crossDeviceLogin() async throws {
        let page = try await runner.step("x.1") {
            try await portal.logOut()
            return ("password accepted", try await portal.logIn(userID: account.userID, password: account.password))
        }
        let options = try await runner.step("x.2") {
            guard page.steps.contains("x.2") else { throw WebFailure("the portal shows \(page.path)") }
            timeline.prepareCeremony(of: "x.4")
            let options = try await portal.authenticationOptions()
            timeline.mark("options", at: "portal")
            return ("the portal asks for a passkey", options)
        }
        let (key, picture) = try await runner.step("x.3") {
            ("the PC shows a QR code", try showQRCode(hint: .getAssertion))
        }
        let next = try await runner.step("x.4") {
            let response = try await withPhone(key, picture) { phone in
                try await client().get(options, using: phone, attachment: .crossPlatform)
            }
            let next = try await authenticate(response, for: options)
            return ("scanned, near by, face verified, signature verified by the portal", next)
        }
        try await runner.step("x.5") {
            guard next == "/top" else { throw WebFailure("the portal goes on to \(next)") }
            return try await topPage(of: "x.5")
        }
    }

    // MARK: Parts

    /// Opens the top page anew: whoever is not logged in is sent elsewhere.
    private func topPage(of step: String) async throws -> String {
        let top = try await portal.browser.open("/top")
        guard top.steps.contains(step) else { throw WebFailure("the portal shows \(top.path)") }
        return "\(origin)\(top.path)"
    }

    private func client() throws -> WebAuthnClient { WebAuthnClient(origin: try WebOrigin(origin)) }

    private func register(
        _ response: RegistrationResponse, for options: PublicKeyCredentialCreationOptions, root: String?
    ) async throws -> String {
        let next = try await portal.finish(response)
        timeline.mark("verified by the relying party", at: "portal")
        evidence.keep(
            CeremonyFile(
                step: runner.presentStep, origin: origin, rpId: options.rp.id ?? "", options: options,
                response: response, attestationRoot: root))
        evidence.keep(publicKey: try CeremonyFile.publicKey(of: response), of: response.rawId)
        return next
    }

    private func authenticate(
        _ response: AuthenticationResponse, for options: PublicKeyCredentialRequestOptions
    ) async throws -> String {
        let next = try await portal.finish(response)
        timeline.mark("verified by the relying party", at: "portal")
        evidence.keep(
            CeremonyFile(
                step: runner.presentStep, origin: origin, rpId: options.rpId ?? "", options: options,
                response: response, credentialPublicKey: evidence.publicKey(of: response.rawId)))
        return next
    }

    /// Draws a fresh QR code as the PC's screen would show it.
    private func showQRCode(hint: HybridOperationHint) throws -> (HybridQRKey, [UInt8]) {
        var generator = SystemRandomNumberGenerator()
        let key = try HybridQRKey(using: &generator)
        let url = key.qrCode(hint: hint, timestamp: UInt64(max(0, Date().timeIntervalSince1970))).url
        let picture = try QRCode.draw(url).pngData()
        evidence.keep(picture: picture, step: timeline.presentCeremony)
        timeline.mark("QR shown", at: "PC", "\(url.count) characters")
        return (key, picture)
    }

    private enum Side<Value: Sendable>: Sendable {
        case pc(Value)
        case phone
    }

    /// Lets the phone scan the picture and the PC wait for it, side by side; a failure of either ends both.
    private func withPhone<Value: Sendable>(
        _ key: HybridQRKey, _ picture: [UInt8],
        _ body: @escaping @Sendable (any CTAPClient) async throws -> Value
    ) async throws -> Value {
        let timeline = timeline
        let endpoint = endpoint
        let group = MultiThreadedEventLoopGroup.singleton
        let pc = HybridClientSession(
            key: key, radio: radio, eventLoopGroup: group, endpoint: { _ in endpoint },
            observer: { timeline.mark($0, at: "PC") })
        return try await withThrowingTaskGroup(of: Side<Value>.self) { sides in
            sides.addTask {
                .pc(try await pc.withPhone { phone in try await body(DirectCTAPClient(phone)) })
            }
            sides.addTask {
                let texts = try QRImageReader.read(data: picture)
                guard let text = texts.first else { throw WebFailure("the phone sees no QR code in the picture") }
                let code = try HybridQRCode(url: text)
                timeline.mark("scanned", at: "phone", "\(picture.count) bytes of PNG")
                _ = try await HybridAuthenticatorSession(
                    qrCode: code, authenticator: devices.phone, domain: domain, endpoint: endpoint, radio: radio,
                    eventLoopGroup: group, observer: { timeline.mark($0, at: "phone") }
                ).run()
                return .phone
            }
            defer { sides.cancelAll() }
            var result: Value?
            while let side = try await sides.next() {
                if case .pc(let value) = side { result = value }
            }
            guard let result else { throw HybridSessionError.closedByPeer(.response) }
            return result
        }
    }
}
