import CredentialStorage
import Foundation
import SoftwareAuthenticator
import Testing

@Suite struct KeyFileBesideStoreTests {
    @Test("A store and its key file are made together, and a store whose key file is gone is refused without a new one")
    func missingKeyFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (path, keyPath) = (folder + "/phone.sqlite", folder + "/phone.sqlite.key")
        for _ in 0..<2 { _ = try SQLiteCredentialStore(path: path, keyFileAt: keyPath) }
        try FileManager.default.removeItem(atPath: keyPath)
        let error = SQLiteCredentialStoreError.missingKeyFile(path: path, keyFile: keyPath)
        #expect(throws: error) { _ = try SQLiteCredentialStore(path: path, keyFileAt: keyPath) }
        #expect(error.description.contains("put it back"))
        #expect(!FileManager.default.fileExists(atPath: keyPath))
    }
}
