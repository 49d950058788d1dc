import SwiftASN1

/// What Android's key store says of a key, in its certificate (Android's "key and ID attestation", version 3).
///
///     SEQUENCE { attestationVersion INTEGER, attestationSecurityLevel ENUMERATED, keymasterVersion INTEGER,
///         keymasterSecurityLevel ENUMERATED, attestationChallenge OCTET STRING, uniqueId OCTET STRING,
///         softwareEnforced AuthorizationList, teeEnforced AuthorizationList }
struct AndroidKeyDescription {
    let challenge: [UInt8]

    /// The DER.
    ///
    /// The trusted environment is said to enforce what relying parties look for there: purpose (tag 1) is signing, and
    /// origin (tag 702) that the key was generated. It is a claim for their tests, like all of this.
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.appendConstructedNode(identifier: .sequence) { description in
                let trustedEnvironment: [UInt8] = [1]
                try description.serialize(3)
                description.appendPrimitiveNode(identifier: .enumerated) { $0.append(contentsOf: trustedEnvironment) }
                try description.serialize(4)
                description.appendPrimitiveNode(identifier: .enumerated) { $0.append(contentsOf: trustedEnvironment) }
                try description.serialize(ASN1OctetString(contentBytes: challenge[...]))
                try description.serialize(ASN1OctetString(contentBytes: []))
                description.appendConstructedNode(identifier: .sequence) { _ in }
                try description.appendConstructedNode(identifier: .sequence) { enforced in
                    try enforced.serialize(explicitlyTaggedWithTagNumber: 1, tagClass: .contextSpecific) { purpose in
                        let sign = 2
                        try purpose.serializeSetOf([sign])
                    }
                    try enforced.serialize(explicitlyTaggedWithTagNumber: 702, tagClass: .contextSpecific) { origin in
                        let generated = 0
                        try origin.serialize(generated)
                    }
                }
            }
            return serializer.serializedBytes
        }
    }
}
