import FoundationEssentials

/// The mail folder (Maildir) that the portal writes to, read as a person with a mail program would.
struct MailReader: Sendable {
    /// The Maildir's path.
    let path: String

    /// The newest mail's text.
    private func newestMail() throws -> String {
        let folder = path + "/new"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let dated = try names.map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return (name, attributes[.modificationDate] as? Date ?? .distantPast)
        }
        guard let newest = dated.max(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else {
            throw WebFailure("no mail has arrived in \(folder)")
        }
        return String(decoding: try Data(contentsOf: URL(filePath: folder + "/" + newest.0)), as: UTF8.self)
    }

    /// The path of the confirmation link in the newest mail: the link stands alone on a line.
    func confirmationPath(origin: String) throws -> String {
        let lines = try newestMail().split(whereSeparator: \.isNewline)
        guard let link = lines.first(where: { $0.hasPrefix(origin + "/mail-confirmation/") }) else {
            throw WebFailure("the mail that arrived has no confirmation link for \(origin)")
        }
        return String(link.dropFirst(origin.count))
    }
}
