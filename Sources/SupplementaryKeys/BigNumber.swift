import COpenSSL
import SoftwareAuthenticator

/// A number of OpenSSL's that is zeroed when freed, and so is whatever OpenSSL copies it to; used by one task at a
/// time.
///
/// All of them are "secure" ones: nobody asks OpenSSL here for a heap that stays out of swap, so that this word means
/// that its parameter lists and its intermediate results are zeroed, too.
final class BigNumber {
    let pointer: OpaquePointer

    /// Zero.
    init() throws(SupplementaryKeyError) {
        guard let pointer = BN_secure_new() else { throw .library("a big number") }
        self.pointer = pointer
        // What is computed with it takes the same time whatever it is.
        BN_set_flags(pointer, BN_FLG_CONSTTIME)
    }

    /// A big-endian number.
    convenience init(_ bytes: ArraySlice<UInt8>) throws(SupplementaryKeyError) {
        try self.init()
        // From where they are: a copy would be one more to zero.
        let isRead = bytes.withUnsafeBufferPointer { bytes in
            BN_bin2bn(bytes.baseAddress, CInt(clamping: bytes.count), pointer) != nil
        }
        guard isRead else { throw .library("a big number") }
    }

    deinit { BN_clear_free(pointer) }

    /// Whether it is one at least, and less than another.
    func isPositive(below limit: BigNumber) -> Bool {
        BN_is_zero(pointer) == 0 && BN_cmp(pointer, limit.pointer) < 0
    }

    /// How many bits it has, without its sign.
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

    /// The difference, which may be negative.
    func minus(_ other: BigNumber) throws(SupplementaryKeyError) -> BigNumber {
        let result = try BigNumber()
        guard BN_sub(result.pointer, pointer, other.pointer) == 1 else { throw .library("a difference") }
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

    /// The smallest number that both divide.
    func leastCommonMultiple(_ other: BigNumber, _ scratch: Scratch) throws(SupplementaryKeyError) -> BigNumber {
        let (divisor, result) = (try BigNumber(), try BigNumber())
        let product = try times(other, scratch)
        guard BN_gcd(divisor.pointer, pointer, other.pointer, scratch.pointer) == 1,
            BN_div(result.pointer, nil, product.pointer, divisor.pointer, scratch.pointer) == 1
        else { throw .library("a common multiple") }
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
            guard let pointer = BN_CTX_secure_new() else { throw .library("space to compute in") }
            self.pointer = pointer
        }

        deinit { BN_CTX_free(pointer) }
    }
}
