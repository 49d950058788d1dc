import FoundationEssentials
import SwiftASN1
import WebAuthnModel
import X509

extension MetadataBLOB {
    /// An entry, or that it is none: one that cannot be read is not to spoil the list.
    private struct Lenient: Decodable {
        let entry: PayloadEntry?

        init(from decoder: any Decoder) throws {
            do {
                entry = try PayloadEntry(from: decoder)
            } catch {
                entry = nil
            }
        }
    }

    private struct Payload: Decodable {
        var no: Int
        var nextUpdate: String
        var entries: [Lenient]
    }

    private struct PayloadEntry: Decodable {
        var aaguid: String?
        var attestationCertificateKeyIdentifiers: [String]?
        var metadataStatement: PayloadStatement?
        var statusReports: [PayloadStatusReport]
    }

    private struct PayloadStatement: Decodable {
        var description: String
        var attestationRootCertificates: [String]
    }

    private struct PayloadStatusReport: Decodable {
        var status: String
        var effectiveDate: String?
        var certificate: String?
    }

    /// Reads what was signed.
    init(payload: [UInt8], now: Date) throws(MetadataError) {
        let list: Payload
        do {
            list = try JSONDecoder().decode(Payload.self, from: Data(payload))
        } catch {
            throw .payload("it is not JSON with the members no, nextUpdate and entries")
        }
        var entries: [MetadataEntry] = []
        var problems: [MetadataProblem] = []
        if list.nextUpdate < now.formatted(.iso8601.year().month().day()) {
            problems.append(.outdated(since: list.nextUpdate))
        }
        for (index, item) in list.entries.enumerated() {
            guard let item = item.entry, let entry = Self.entry(item, problems: &problems) else {
                problems.append(.entry(index))
                continue
            }
            entries.append(entry)
        }
        self.init(number: list.no, nextUpdate: list.nextUpdate, entries: entries, problems: problems)
    }

    private static func entry(_ item: PayloadEntry, problems: inout [MetadataProblem]) -> MetadataEntry? {
        var aaguid: AAGUID?
        if let text = item.aaguid {
            guard let uuid = UUID(uuidString: text) else { return nil }
            aaguid = AAGUID(uuid)
        }
        var keyIdentifiers: [[UInt8]] = []
        for text in item.attestationCertificateKeyIdentifiers ?? [] {
            guard let bytes = hexadecimal(text) else { return nil }
            keyIdentifiers.append(bytes)
        }
        let name = item.metadataStatement?.description ?? aaguid?.description ?? "an authenticator without a name"
        var roots: [Certificate] = []
        for (index, text) in (item.metadataStatement?.attestationRootCertificates ?? []).enumerated() {
            do {
                roots.append(try Certificate(derEncoded: base64(text) ?? []))
            } catch {
                problems.append(.root(model: name, index: index))
            }
        }
        let reports = item.statusReports.map { report in
            // A certificate that cannot be read makes the report one about the whole model: that is on the safe side.
            MetadataStatusReport(
                status: report.status, effectiveDate: report.effectiveDate,
                certificate: report.certificate.flatMap(base64))
        }
        return MetadataEntry(
            aaguid: aaguid, keyIdentifiers: keyIdentifiers, description: name, statusReports: reports,
            rootCertificates: roots)
    }

    /// Base64, in which lists have line breaks now and then.
    private static func base64(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text.filter { !$0.isWhitespace }).map(Array.init)
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
