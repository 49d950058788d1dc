import Glibc
import HIDTransport
import Testing

@testable import ProgramRunner

@Suite struct SandboxCommandTests {
    static func description(ignored: [Int32] = [], hasOwnProcessIDs: Bool = true) -> InnerDescription {
        InnerDescription(
            parentProcess: 1, keys: [], userID: 1000, groupID: 100, command: ["cat", "--", "-x"],
            environment: ["A": "b"], ignoredSignals: ignored, hasOwnProcessIDs: hasOwnProcessIDs, bubblewrap: "/b/bwrap"
        )
    }

    @Test("The command line of bwrap")
    func arguments() {
        #expect(
            SandboxCommand(description: Self.description(), statusDescriptor: 9).arguments == [
                "/b/bwrap", "--unshare-user", "--uid", "1000", "--gid", "100", "--dev-bind", "/", "/",
                "--die-with-parent", "--json-status-fd", "9", "--unshare-pid", "--proc", "/proc", "--", "/usr/bin/env",
                "--default-signal=INT,QUIT,HUP", "--", "cat", "--", "-x",
            ])
    }

    @Test("Signals that were ignored before stay ignored")
    func ignoredSignals() {
        let one = SandboxCommand(description: Self.description(ignored: [SIGHUP]), statusDescriptor: 9).arguments
        #expect(one.contains("--default-signal=INT,QUIT"))
        let all = SandboxCommand(
            description: Self.description(ignored: [SIGHUP, SIGINT, SIGQUIT], hasOwnProcessIDs: false),
            statusDescriptor: 9
        ).arguments
        #expect(all.suffix(4) == ["--", "cat", "--", "-x"])
        #expect(!all.contains("--unshare-pid"))
    }

    @Test("A description survives its way through JSON; damaged ones are refused")
    func description() throws {
        var description = Self.description(ignored: [1])
        description.keys = [
            .init(identity: VirtualKey(name: "K").identity, socketDescriptor: 5, isPlugged: true),
            .init(identity: VirtualKey(name: "L").identity, socketDescriptor: 6, isPlugged: false),
        ]
        description.controlDescriptor = 7
        description.binds = [ProgramPlan.Bind("/a b", at: "/c")]
        description.display = VirtualDisplay(program: "/x", folder: "/f")
        description.removedVariables = ["B"]
        #expect(try InnerDescription(decoding: description.encoded()) == description)
        for bytes in [[], Array("{}".utf8), Array("[]".utf8)] as [[UInt8]] {
            #expect(throws: (any Error).self) { try InnerDescription(decoding: bytes) }
        }
        #expect(throws: LaunchError.unreadableDescription) { try InnerProgram(descriptionIn: -1) }
    }

    @Test("What bwrap tells is understood line by line, in pieces, with unknown lines between")
    func status() throws {
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { close(ends[1]) }
        let status = SandboxStatus(takingOver: ends[0])
        #expect(status.childProcess == nil)
        for piece in ["{ \"child-pid\": 12", "34, \"mnt-namespace\": 99 }\nnonsense\n", "{ \"exit-code\": 7 }\n"] {
            #expect(write(ends[1], piece, piece.utf8.count) == piece.utf8.count)
            _ = status.childProcess
        }
        #expect(status.childProcess == 1234)
        #expect(status.exitCode == 7)
    }
}
