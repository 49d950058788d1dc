import COpenSSL

/// A number of OpenSSL's that is zeroed when freed; used by one task at a time.
final class BigNumber {
    let pointer: OpaquePointer

    private init(_ pointer: OpaquePointer?) throws(SupplementaryKeyError) {
        guard let pointer else { throw .library("a big number") }
        self.pointer = pointer
        // What is computed with it takes the same time whatever it is.
        BN_set_flags(pointer, BN_FLG_CONSTTIME)
    }

    /// Zero.
    convenience init() throws(SupplementaryKeyError) { try self.init(BN_new()) }

    /// A big-endian number.
    convenience init(_ bytes: some Sequence<UInt8>) throws(SupplementaryKeyError) {
        let bytes = Array(bytes)
        try self.init(BN_bin2bn(bytes, CInt(clamping: bytes.count), nil))
    }

    deinit { BN_clear_free(pointer) }

    /// Whether it is one at least, and less than another.
    func isPositive(below limit: BigNumber) -> Bool {
        BN_is_zero(pointer) == 0 && BN_cmp(pointer, limit.pointer) < 0
    }

    /// How many bits it has.
    var bitCount: Int { Int(BN_num_bits(pointer)) }

    /// Whether it is odd.
    var isOdd: Bool { BN_is_odd(pointer) != 0 }

    /// Big-endian, as long as is said.
    func bytes(count: Int) throws(SupplementaryKeyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard BN_bn2binpad(pointer, &bytes, CInt(clamping: count)) == count else { throw .library("a number's bytes") }
        return bytes
    }

    /// The product.
    func times(_ other: BigNumber, _ scratch: Scratch) throws(SupplementaryKeyError) -> BigNumber {
        let result = try BigNumber()
        guard BN_mul(result.pointer, pointer, other.pointer, scratch.pointer) == 1 else { throw .library("a product") }
        return result
    }

    /// The number before it.
    func predecessor() throws(SupplementaryKeyError) -> BigNumber {
        let result = try BigNumber()
        guard BN_sub(result.pointer, pointer, BN_value_one()) == 1 else { throw .library("a difference") }
        return result
    }

    /// What remains after a division.
    func remainder(_ modulus: BigNumber, _ scratch: Scratch) throws(SupplementaryKeyError) -> BigNumber {
        let result = try BigNumber()
        guard BN_div(nil, result.pointer, pointer, modulus.pointer, scratch.pointer) == 1 else {
            throw .library("a remainder")
        }
        return result
    }

    /// The number with which its product is one, or `nil` where there is none.
    func inverse(modulo modulus: BigNumber, _ scratch: Scratch) throws(SupplementaryKeyError) -> BigNumber? {
        let result = try BigNumber()
        return BN_mod_inverse(result.pointer, pointer, modulus.pointer, scratch.pointer) == nil ? nil : result
    }

    /// What OpenSSL computes in; used by one task at a time.
    final class Scratch {
        let pointer: OpaquePointer

        init() throws(SupplementaryKeyError) {
            guard let pointer = BN_CTX_new() else { throw .library("space to compute in") }
            self.pointer = pointer
        }

        deinit { BN_CTX_free(pointer) }
    }
}
