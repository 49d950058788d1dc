import TestSupport

/// Vectors that `Tests/Peers/prf_vectors.py` computes with Python's `cryptography`.
enum PINUVAuthVectors {
    /// 01 02 … 20.
    static let authenticatorKey = [UInt8](0x01...0x20)
    /// 41 42 … 60.
    static let platformKey = [UInt8](0x41...0x60)
    static let salts = [[UInt8](repeating: 0xA5, count: 32), [UInt8](repeating: 0x5A, count: 32)]
    /// What protocol two's ciphertexts below begin with: F0 F1 … FF.
    static let initializationVector = [UInt8](0xF0...0xFF)

    static let authenticatorPoint =
        "515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f"
        + "4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354"
    static let platformPoint =
        "261efbd3550cf068ef013ed7366ba32f5d6fe557b4b2abce8ade58cba168a55e"
        + "1788a0b29a56a6abec4084c0c96bd3dcbca6b507f35dbea9e985708479d8bdc9"

    /// `saltEnc` and `saltAuth` of one salt and of two.
    static let one = [
        (
            "e6af236fe03cc40cbca043054ad80dede9c10b9ea8683950e8afbc88a6d364e1",
            "52a566fce9489f9fadbc6f9863a9017b"
        ),
        (
            "e6af236fe03cc40cbca043054ad80dede9c10b9ea8683950e8afbc88a6d364e1"
                + "7d2d3460ce73e50e50523de09303a8e6f81ccbfa8fdeccf09eedcb5c12bc5b74",
            "dbc4ee423a6b5e795ff2fff2d0816b64"
        ),
    ]
    static let two = [
        (
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff5ecd1e9d96fc9ac3cfb6090db6ff83a4a4d3df41ce9a8cb086b282462d004dbf",
            "001e64e9c00c9a539607f0125fa2efa0593a0c2ebef7d847a65cd544dd089737"
        ),
        (
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff5ecd1e9d96fc9ac3cfb6090db6ff83a4a4d3df41ce9a8cb086b282462d004dbf"
                + "1be188cf0237952d1e1203282e30e4f78aee8e889d95b713cf1ed9f77afa8395",
            "52803a1028433372f985ccaa5e9491622f4ea35a65d6e0738174b776be014bf8"
        ),
    ]
}

/// Yields listed bytes, one with each call, and zeros after them.
struct ListedGenerator: RandomNumberGenerator {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    mutating func next() -> UInt64 { UInt64(bytes.popFirst() ?? 0) }
}
