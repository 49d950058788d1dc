import FoundationEssentials

/// The origins that a relying party calls its own (WebAuthn Level 3 §5.11): `{"origins": ["https://…", …]}`.
///
/// The document is what `https://RPID/.well-known/webauthn` serves as `application/json`.
public struct RelatedOrigins: Hashable, Sendable {
    private let origins: [String]

    /// The most registrable labels that are looked at; browsers have the same limit.
    public static let maximumLabelCount = 5
    /// The longest document in bytes that is read.
    public static let maximumByteCount = 1 << 18

    private struct Document: Decodable { var origins: [String] }

    /// Reads a document; `nil` unless it is JSON with an array of texts `origins` (§5.11.1 step 2).
    public init?(json: [UInt8]) {
        guard json.count <= Self.maximumByteCount else { return nil }
        do {
            origins = try JSONDecoder().decode(Document.self, from: Data(json)).origins
        } catch {
            return nil
        }
    }

    /// Whether a page of this origin may use the relying party's ID (§5.11.1 steps 3–5).
    ///
    /// Deviation: no public suffix list is bundled; the registrable label of a domain is taken to be the one before
    /// the last.
    public func contain(_ origin: WebOrigin) -> Bool {
        // Step 3: the labels that have been seen.
        var labels: Set<Substring> = []
        // Step 4: each origin in turn.
        for text in origins {
            // Steps 4.1–4.3: one that is no origin of a domain is skipped.
            let item: WebOrigin
            do throws(ClientPlatformError) {
                item = try WebOrigin(text.hasSuffix("/") ? String(text.dropLast()) : text)
            } catch {
                continue
            }
            // Steps 4.4 and 4.5: so is one without a registrable label.
            let domain = item.host.split(separator: ".")
            guard let label = domain.dropLast().last else { continue }
            // Step 4.6: labels beyond the limit are skipped.
            guard labels.contains(label) || labels.count < Self.maximumLabelCount else { continue }
            // Step 4.7.
            if item == origin { return true }
            // Step 4.8.
            labels.insert(label)
        }
        // Step 5.
        return false
    }
}
