import CTAP

/// A finger that is being enrolled.
struct FingerEnrollment: Sendable {
    let id: [UInt8]
    var remainingSamples: Int
    /// Which finger it turned out to be.
    var finger: String?
}

extension Authenticator {
    /// How many good samples make a template.
    static var samplesForEnrollment: Int { 4 }
    /// How many fingers can be enrolled.
    public static var maximumTemplateCount: Int { 5 }
    /// The longest friendly name of a finger in bytes.
    public static var maximumFriendlyNameByteCount: Int { 64 }
    /// The finger of a gate that approves without saying which.
    static var unnamedFinger: String { "finger" }

    /// authenticatorBioEnrollment (CTAP 2.3 §6.7), with a sensor that the gate plays.
    func bioEnrollment(
        _ request: BioEnrollmentRequest, isPreview: Bool, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        if request.asksModality == true {
            var response = BioEnrollmentResponse()
            response.modality = BioEnrollmentRequest.fingerprint
            return response.response
        }
        guard let number = request.subcommand, let modality = request.modality else {
            throw CTAPStatus.missingParameter
        }
        guard modality == BioEnrollmentRequest.fingerprint else { throw CTAPStatus.invalidParameter }
        guard let subcommand = BioEnrollmentRequest.Subcommand(rawValue: number) else {
            throw CTAPStatus.invalidSubcommand
        }
        let isOpen = [.getFingerprintSensorInfo, .cancelCurrentEnrollment, .setFriendlyName].contains(subcommand)
        guard isOpen || request.pinUVAuthParam != nil else { throw CTAPStatus.puatRequired }
        switch subcommand {
        case .getFingerprintSensorInfo: return sensorInfo()
        case .cancelCurrentEnrollment:
            enrollment = nil
            return CTAPResponse(.success)
        case .enrollBegin:
            _ = try request.timeoutMilliseconds()
            try await verifyEnroller(request, isPreview: isPreview)
            // Whatever was begun before has ended.
            enrollment = nil
            guard try await state().templates.count < Authenticator.maximumTemplateCount else {
                throw CTAPStatus.fingerprintDatabaseFull
            }
            enrollment = FingerEnrollment(
                id: randomBytes(16, using: &randomness), remainingSamples: Authenticator.samplesForEnrollment)
            return try await capture(request, isFirst: true, in: context)
        case .enrollCaptureNextSample:
            guard let id = try request.templateID() else { throw CTAPStatus.missingParameter }
            try await verifyEnroller(request, isPreview: isPreview)
            guard enrollment?.id == id else { throw CTAPStatus.invalidOption }
            return try await capture(request, isFirst: false, in: context)
        case .enumerateEnrollments:
            try await verifyEnroller(request, isPreview: isPreview)
            let templates = try await state().templates
            guard !templates.isEmpty else { throw CTAPStatus.invalidOption }
            var response = BioEnrollmentResponse()
            response.templates = templates.map { .init(id: $0.id, friendlyName: $0.friendlyName) }
            return response.response
        case .setFriendlyName: return try await setFriendlyName(request, isPreview: isPreview)
        case .removeEnrollment:
            guard let id = try request.templateID() else { throw CTAPStatus.missingParameter }
            try await verifyEnroller(request, isPreview: isPreview)
            try await change { state in
                guard state.templates.contains(where: { $0.id == id }) else { throw CTAPStatus.invalidOption }
                state.templates.removeAll { $0.id == id }
            }
            return CTAPResponse(.success)
        }
    }

    private func verifyEnroller(_ request: BioEnrollmentRequest, isPreview: Bool) async throws {
        try await verify(
            request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, for: request.authenticatedMessage,
            permission: .bioEnrollment, isPreview: isPreview)
    }

    private func sensorInfo() -> CTAPResponse {
        var response = BioEnrollmentResponse()
        response.fingerprintKind = 1
        response.maximumSamples = UInt64(Authenticator.samplesForEnrollment)
        response.maximumFriendlyNameByteCount = UInt64(Authenticator.maximumFriendlyNameByteCount)
        return response.response
    }

    private func setFriendlyName(_ request: BioEnrollmentRequest, isPreview: Bool) async throws -> CTAPResponse {
        guard let id = try request.templateID(), let name = try request.friendlyName() else {
            throw request.pinUVAuthParam == nil ? CTAPStatus.puatRequired : .missingParameter
        }
        guard name.utf8.count <= Authenticator.maximumFriendlyNameByteCount else { throw CTAPStatus.invalidLength }
        try await verifyEnroller(request, isPreview: isPreview)
        try await change { state in
            guard let index = state.templates.firstIndex(where: { $0.id == id }) else {
                throw CTAPStatus.invalidOption
            }
            state.templates[index].friendlyName = name
        }
        return CTAPResponse(.success)
    }

    /// Takes one sample (§6.7.4, §6.7.5).
    private func capture(
        _ request: BioEnrollmentRequest, isFirst: Bool, in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        guard var current = enrollment else { throw CTAPStatus.invalidOption }
        let limit = configuration.userActionTimeout
        let timeout = try request.timeoutMilliseconds().map { min(.milliseconds(Int64(clamping: $0)), limit) } ?? limit
        let question = UserRequest(
            .enrollFinger(remainingSamples: current.remainingSamples), needsVerification: false)
        let state = try await state()
        let (status, finger) = sample(try await decision(question, timeout: timeout, in: context), state, current)
        if status == .good {
            current.remainingSamples -= 1
            current.finger = finger
        }
        if current.remainingSamples == 0 {
            let template = FingerprintTemplate(id: current.id, friendlyName: finger, finger: finger)
            try await change { $0.templates.append(template) }
            enrollment = nil
        } else {
            enrollment = current
        }
        var response = BioEnrollmentResponse()
        response.templateID = isFirst ? current.id : nil
        response.lastSampleStatus = status.rawValue
        response.remainingSamples = UInt64(current.remainingSamples)
        return response.response
    }

    /// How good the sample is that a decision stands for, and of which finger.
    private func sample(
        _ decision: UserDecision, _ state: AuthenticatorState, _ current: FingerEnrollment
    ) -> (SampleStatus, finger: String) {
        let usual = current.finger ?? unusedFinger(state)
        let (status, finger): (SampleStatus, String) =
            switch decision {
            case .approved: (.good, usual)
            case .finger(let finger): (.good, finger)
            case .sample(let status, let finger): (status, finger.isEmpty ? usual : finger)
            case .verificationFailed: (.poorQuality, usual)
            case .denied, .timedOut, .briefTouch: (.noUserActivity, usual)
            }
        guard status == .good else { return (status, finger) }
        if state.templates.contains(where: { $0.finger == finger }) { return (.exists, finger) }
        if let begun = current.finger, begun != finger { return (.mergeFailure, finger) }
        return (.good, finger)
    }

    /// A finger that is not enrolled yet, for gates that do not say which touches.
    private func unusedFinger(_ state: AuthenticatorState) -> String {
        let taken = Set(state.templates.map(\.finger))
        return (1...Authenticator.maximumTemplateCount + 1).lazy.map { "\(Authenticator.unnamedFinger) \($0)" }
            .first { !taken.contains($0) } ?? Authenticator.unnamedFinger
    }
}
