import CTAP

/// An extension that the authenticator can have (CTAP 2.3 §12); the raw value is its identifier.
enum ExtensionIdentifier: String, Hashable, Sendable, CaseIterable {
    case credBlob
    case credProtect
    case hmacSecret = "hmac-secret"
    case hmacSecretMC = "hmac-secret-mc"
    case largeBlob
    case largeBlobKey
    case minimumPINLength = "minPinLength"
    case pinComplexityPolicy
    case prf
    case thirdPartyPayment
    case userVerificationMethod = "uvm"
}

extension Authenticator.Configuration {
    /// The extensions that it has, as authenticatorGetInfo lists them.
    var extensions: [ExtensionIdentifier] {
        let largeBlob: [ExtensionIdentifier] = hasLargeBlobArray ? [] : [.largeBlob]
        if flavour.takesPRFInTheClear { return largeBlob + [.prf] }
        guard supportsPIN else { return [.hmacSecret] }
        switch profile {
        case .ctap23:
            // Never both ways of keeping large blobs (§6.4, extensions).
            let other: ExtensionIdentifier = hasLargeBlobArray ? .largeBlob : .largeBlobKey
            return ExtensionIdentifier.allCases.filter { $0 != .prf && $0 != other }
        case .ctap21:
            return [
                .credBlob, .credProtect, .hmacSecret, .largeBlobKey, .minimumPINLength, .userVerificationMethod,
            ]
        case .compat20: return [.credProtect, .hmacSecret]
        }
    }
}
