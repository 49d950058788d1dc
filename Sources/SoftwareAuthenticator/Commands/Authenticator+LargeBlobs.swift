import CTAP
import Crypto
import FoundationEssentials

/// A serialised array of large blobs that is being written.
struct LargeBlobWrite: Sendable {
    /// How long after a fragment the next may come.
    static let lifetime: Duration = .seconds(30)

    let length: Int
    var bytes: [UInt8] = []
    let transport: CTAPRequestContext.Transport
    var lastStep: Duration
}

extension Authenticator {
    /// The array of a device without large blobs: an empty CBOR array and its checksum (CTAP 2.3 §6.10.2).
    static let initialLargeBlobArray: [UInt8] = [
        0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9, 0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C,
    ]

    /// authenticatorLargeBlobs (CTAP 2.3 §6.10.1).
    func largeBlobs(_ request: LargeBlobsRequest, in context: CTAPRequestContext) async throws -> CTAPResponse {
        guard let offset = request.offset else { throw CTAPStatus.invalidParameter }
        let pending = largeBlobWrite
        largeBlobWrite = nil
        switch (request.get, request.set) {
        case (let count?, nil): return try await readLargeBlobs(count, at: offset, request)
        case (nil, let fragment?):
            return try await writeLargeBlobs(fragment, at: offset, request, after: pending, in: context)
        default: throw CTAPStatus.invalidParameter
        }
    }

    private var maximumFragmentLength: UInt64 { configuration.maximumMessageSize - 64 }

    private func readLargeBlobs(
        _ count: UInt64, at offset: UInt64, _ request: LargeBlobsRequest
    ) async throws -> CTAPResponse {
        guard request.length == nil, request.pinUVAuthParam == nil, request.pinUVAuthProtocol == nil else {
            throw CTAPStatus.invalidParameter
        }
        guard count <= maximumFragmentLength else { throw CTAPStatus.invalidLength }
        let array = try await store.largeBlobArray() ?? Authenticator.initialLargeBlobArray
        guard offset <= UInt64(array.count) else { throw CTAPStatus.invalidParameter }
        let part = array.dropFirst(Int(clamping: offset)).prefix(Int(clamping: count))
        return LargeBlobsResponse(config: Array(part)).response
    }

    private func writeLargeBlobs(
        _ fragment: [UInt8], at offset: UInt64, _ request: LargeBlobsRequest, after pending: LargeBlobWrite?,
        in context: CTAPRequestContext
    ) async throws -> CTAPResponse {
        guard fragment.count <= maximumFragmentLength else { throw CTAPStatus.invalidLength }
        var write: LargeBlobWrite
        if offset == 0 {
            guard let length = request.length else { throw CTAPStatus.invalidParameter }
            guard length <= UInt64(configuration.maximumLargeBlobArrayByteCount) else {
                throw CTAPStatus.largeBlobStorageFull
            }
            guard length >= UInt64(Authenticator.initialLargeBlobArray.count) else {
                throw CTAPStatus.invalidParameter
            }
            write = LargeBlobWrite(length: Int(clamping: length), transport: context.transport, lastStep: time.now())
        } else {
            guard request.length == nil else { throw CTAPStatus.invalidParameter }
            guard let pending, pending.transport == context.transport, UInt64(pending.bytes.count) == offset,
                time.now() - pending.lastStep <= LargeBlobWrite.lifetime
            else { throw CTAPStatus.invalidSequence }
            write = pending
        }
        let state = try await state()
        if isProtected(state) || state.alwaysVerifiesUser {
            try await verify(
                request.pinUVAuthParam, protocol: request.pinUVAuthProtocol, for: request.authenticatedMessage,
                permission: .largeBlobWrite)
        }
        guard write.bytes.count + fragment.count <= write.length else { throw CTAPStatus.invalidParameter }
        write.bytes += fragment
        write.lastStep = time.now()
        guard write.bytes.count == write.length else {
            largeBlobWrite = write
            return CTAPResponse(.success)
        }
        // The last 16 bytes are a checksum of the others; the array itself is the platforms' affair.
        let checksum = Array(SHA256.hash(data: write.bytes.dropLast(16)).prefix(16))
        guard Array(write.bytes.suffix(16)) == checksum else { throw CTAPStatus.integrityFailure }
        try await store.save(largeBlobArray: write.bytes)
        return CTAPResponse(.success)
    }
}
