import Foundation
import Logging
import Portal
import RelyingParty
import SupplementaryKeys
import WebAuthnModel

extension PortalConfiguration {
    /// A portal of a command: its database and mail in a folder, its warnings on standard error, attestation asked for,
    /// signatures verified of every algorithm that there is a library for.
    ///
    /// - Throws: ``CommandFailure`` when a file that an option names cannot be used.
    init(
        in folder: String, address: String, port: UInt16, web: PortalWebOptions, mailing: PortalMailOptions
    ) async throws {
        self.init(databasePath: folder + "/portal.sqlite", mailDirectory: folder + "/mail")
        self.address = address
        self.port = Int(port)
        try await web.apply(to: &self)
        try await mailing.apply(to: &self)
        attestation = .direct
        verifiers = .all
        logger = Logger(label: "aikagi.portal") {
            PortalLogHandler(base: StreamLogHandler.standardError(label: $0))
        }
        logger.logLevel = .warning
    }
}
