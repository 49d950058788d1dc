import Glibc
import Testing

@testable import ProgramRunner

@Suite struct HostCheckTests {
    static let good = HostCheck.Facts(unshare: "/u", bubblewrap: "/b")

    static func facts(_ change: (inout HostCheck.Facts) -> Void) -> HostCheck.Facts {
        var facts = good
        change(&facts)
        return facts
    }

    @Test("A host that has everything gives its tools")
    func noProblem() throws {
        for need in [HostCheck.Need.namespace, .keys] {
            #expect(
                try HostCheck.conclusion(from: Self.good, for: need) == HostTools(unshare: "/u", bubblewrap: "/b"))
        }
    }

    @Test("Without keys, neither FUSE nor hidraw is needed; a namespace is")
    func namespaceOnly() throws {
        let facts = Self.facts {
            $0.fuseError = ENOENT
            $0.hasHidraw = false
        }
        #expect(try HostCheck.conclusion(from: facts, for: .namespace) == HostTools(unshare: "/u", bubblewrap: "/b"))
        for restriction in HostProblem.NamespaceRestriction.allCases {
            var forbidden = facts
            forbidden.canMountInNamespace = false
            forbidden.restriction = restriction
            #expect(throws: HostProblem.namespacesForbidden(restriction)) {
                try HostCheck.conclusion(from: forbidden, for: .namespace)
            }
        }
        var bare = Self.good
        bare.unshare = nil
        #expect(throws: HostProblem.missingProgram("unshare", package: "util-linux")) {
            try HostCheck.conclusion(from: bare, for: .namespace)
        }
    }

    @Test("A program is found by its name in PATH and where programs usually are, and only if it can be executed")
    func find() {
        #expect(HostCheck.find("sh")?.hasSuffix("/sh") == true)
        #expect(HostCheck.find("aikagi-no-such-program") == nil)
    }

    @Test(
        "Each lack is a problem of its own",
        arguments: [
            (facts { $0.unshare = nil }, .missingProgram("unshare", package: "util-linux")),
            (facts { $0.bubblewrap = nil }, .missingProgram("bwrap", package: "bubblewrap")),
            (facts { $0.fuseError = ENOENT }, .noFuse),
            (facts { $0.fuseError = EACCES }, .fuseNotAccessible(errorNumber: EACCES)),
            (facts { $0.hasHidraw = false }, .noHidraw),
            (
                facts {
                    $0.canMountInNamespace = false
                    $0.restriction = .appArmor
                }, .namespacesForbidden(.appArmor)
            ),
        ] as [(HostCheck.Facts, HostProblem)])
    func problems(facts: HostCheck.Facts, problem: HostProblem) {
        #expect(throws: problem) { try HostCheck.conclusion(from: facts, for: .keys) }
        #expect(!problem.description.contains("\n"))
        #expect(problem.description.contains("; "))
    }

    @Test("Every restriction has its mend", arguments: HostProblem.NamespaceRestriction.allCases)
    func restrictions(restriction: HostProblem.NamespaceRestriction) {
        let sentence = HostProblem.namespacesForbidden(restriction).description
        #expect(sentence.contains("sysctl") || restriction == .unknown)
    }
}
