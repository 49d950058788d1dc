import ArgumentParser
import SoftwareAuthenticator
import Testing
import WebAuthnModel

@testable import AikagiCommands

@Suite("The algorithms of new credentials on the command line")
struct AlgorithmListTests {
    static let lists: [(String, [COSEAlgorithm])] = [
        ("es256", [.es256]), ("rs256,es256k", [.rs256, .es256K]),
        ("ml-dsa-44,ml-dsa-65,eddsa,es384,es512", [.mlDSA44, .mlDSA65, .edDSA, .es384, .es512]),
    ]

    @Test("names are read in their order", arguments: lists)
    func names(text: String, algorithms: [COSEAlgorithm]) throws {
        #expect(try AlgorithmList(text, separator: ",").algorithms == algorithms)
        let joined = text.replacing(",", with: "+")
        #expect(try KeyArgument(argument: "platform,algorithms=\(joined)").algorithms.algorithms == algorithms)
        #expect(try PhoneArgument(argument: "algorithms=\(joined)").algorithms.algorithms == algorithms)
        let key = try #require(
            try AikagiCommand.parseAsRoot(["key", "--pty", "--algorithms", text]) as? KeyCommand)
        #expect(key.algorithms.algorithms == algorithms)
    }

    @Test(
        "others are refused", arguments: ["", "ES256", "es256,", ",es256", "es256,es256", "es256+rs256", "rs1", "-7"])
    func refusals(text: String) {
        #expect(throws: ValidationError.self) { try AlgorithmList(text, separator: ",") }
    }

    @Test("the default is everything but ML-DSA, and an authenticator can make it all")
    func standard() throws {
        var configuration = Authenticator.Configuration(flavour: .securityKey)
        configuration.offer(.standard)
        #expect(configuration.algorithms == [.es256, .edDSA, .es384, .es512, .es256K, .rs256])
        let known = CredentialPrivateKey.allAlgorithms + configuration.supplement.identifiers
        for name in AlgorithmList.allNames.split(separator: ",") {
            let list = try AlgorithmList(name.filter { $0 != " " }, separator: ",")
            #expect(list.algorithms.allSatisfy(known.contains))
        }
    }
}
