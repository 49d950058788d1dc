extension Authenticator {
    /// How much of an account's name and display name is kept, in bytes of UTF-8 each.
    ///
    /// An authenticator may keep the beginning of a name, 64 bytes at least (WebAuthn Level 3 §6.4.1). Without a limit, a
    /// name that just fits a registration would make every assertion too long for
    /// ``Configuration/maximumMessageSize``, and the credential could never be used.
    static var maximumNameByteCount: Int { 512 }
}

extension String {
    /// The beginning of the text, of at most so many bytes of UTF-8; no code point is cut in two.
    func shortened(toByteCount limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var kept = String.UnicodeScalarView()
        var byteCount = 0
        for scalar in unicodeScalars {
            byteCount += scalar.utf8.count
            guard byteCount <= limit else { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
