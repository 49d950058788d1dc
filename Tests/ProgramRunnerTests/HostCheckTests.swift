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
        #expect(try HostCheck.conclusion(from: Self.good) == HostTools(unshare: "/u", bubblewrap: "/b"))
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
        #expect(throws: problem) { try HostCheck.conclusion(from: facts) }
        #expect(!problem.description.contains("\n"))
        #expect(problem.description.contains("; "))
    }

    @Test("Every restriction has its mend", arguments: HostProblem.NamespaceRestriction.allCases)
    func restrictions(restriction: HostProblem.NamespaceRestriction) {
        let sentence = HostProblem.namespacesForbidden(restriction).description
        #expect(sentence.contains("sysctl") || restriction == .unknown)
    }
}
