import CBOR

/// What extensions put into a response; a map without entries is left out.
struct ExtensionOutputs: Equatable {
    /// Inside the authenticator data.
    var signed: CBORMap?
    /// Beside it.
    var unsigned: CBORMap?
}
