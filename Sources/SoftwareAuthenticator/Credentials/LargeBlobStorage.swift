/// How an authenticator keeps large blobs for relying parties; one way excludes the other (CTAP 2.3 §6.4, extensions).
public enum LargeBlobStorage: String, Hashable, Sendable, CaseIterable {
    /// In one array that platforms read and write, each blob under a key of its credential: the extension `largeBlobKey` and
    /// the command authenticatorLargeBlobs.
    case array
    /// Beside its credential, read and written with an assertion: the extension `largeBlob`.
    case credential
}
