/// TPMS_ATTEST, what a TPM signs about itself (TPM 2.0 Part 2 §10.12.8), with TPMS_CERTIFY_INFO in it.
///
///     magic 4, type 2, qualifiedSigner 2+n, extraData 2+n, clockInfo 17, firmwareVersion 8,
///     attested: name 2+n, qualifiedName 2+n
struct TPMCertification {
    let magic: UInt32
    let type: UInt16
    let extraData: [UInt8]
    let name: [UInt8]

    /// TPM_GENERATED_VALUE.
    static let generatedMagic: UInt32 = 0xFF54_4347
    /// TPM_ST_ATTEST_CERTIFY.
    static let certifyType: UInt16 = 0x8017

    /// Reads the whole of the bytes; `nil` unless they are such a structure.
    init?(_ bytes: [UInt8]) {
        var reader = TPMReader(bytes)
        guard let magic = reader.uint32(), let type = reader.uint16(), reader.buffer() != nil,
            let extraData = reader.buffer(), reader.bytes(17) != nil, reader.bytes(8) != nil,
            let name = reader.buffer(), reader.buffer() != nil, reader.isAtEnd
        else { return nil }
        self.magic = magic
        self.type = type
        self.extraData = extraData
        self.name = name
    }
}
