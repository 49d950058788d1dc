import Hummingbird

/// The fields of a submitted form (`application/x-www-form-urlencoded`).
struct FormFields: Sendable {
    /// The most bytes that a form may have.
    static let maximumByteCount = 16_384

    private let values: [String: String]

    /// Parses a body.
    ///
    /// - Returns: `nil` for broken escapes, bytes that are not UTF-8, or a field that comes twice.
    init?(_ body: some Collection<UInt8>) {
        var values: [String: String] = [:]
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = FormFields.decode(pair[..<equals]),
                let value = FormFields.decode(pair[equals...].dropFirst()), values[name] == nil
            else { return nil }
            values[name] = value
        }
        self.values = values
    }

    /// Reads the form of a request and checks that a page of this visit sent it.
    ///
    /// - Throws: ``PortalFailure``.
    init(of request: Request, in context: PortalContext) async throws {
        let type = request.headers[.contentType]?.split(separator: ";").first.map { HalfWidth.trimmed(String($0)) }
        guard type?.lowercased() == "application/x-www-form-urlencoded" else { throw PortalFailure.badRequest }
        let body = try await request.body.collect(upTo: FormFields.maximumByteCount)
        guard let fields = FormFields(body.readableBytesView) else { throw PortalFailure.badRequest }
        let token = Array(fields["csrf"].utf8)
        guard !context.session.isNew, Secret.areEqual(token, Array(context.session.formToken.utf8)) else {
            throw PortalFailure.formExpired
        }
        self = fields
    }

    /// A field's value; empty when the field is missing.
    subscript(name: String) -> String { values[name] ?? "" }

    private static func decode(_ bytes: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexadecimal), let low = iterator.next().flatMap(hexadecimal)
                else { return nil }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
