import Glibc
import HIDTransport
import Testing

@testable import ProgramRunner

@Suite(.timeLimit(.minutes(1))) struct InnerControlTests {
    static let commands: [(InnerControl.Command, String)] = [
        (.plug(0), "plug 0"), (.plug(12), "plug 12"), (.unplug(3), "unplug 3"),
    ]

    @Test("A command is a word and a number", arguments: commands)
    func line(command: InnerControl.Command, line: String) {
        #expect(command.line == line)
        #expect(InnerControl.Command(line: line) == command)
    }

    @Test("Other lines are none", arguments: ["", "plug", "plug x", "plug 1 2", "Plug 1", "ok", "1 plug", "plug 1.0"])
    func noCommand(line: String) {
        #expect(InnerControl.Command(line: line) == nil)
    }

    private static func pair() throws -> (SocketDescriptor, SocketDescriptor) {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (SocketDescriptor(takingOver: ends[0]), SocketDescriptor(takingOver: ends[1]))
    }

    @Test("Lines pass one by one; a sentence keeps to one line; the end is the end")
    func lines() throws {
        let (one, other) = try Self.pair()
        InnerControl.writeLine("first", to: one.number)
        InnerControl.writeLine("", to: one.number)
        InnerControl.writeLine("a\nb — ü", to: one.number)
        #expect(InnerControl.readLine(from: other.number) == "first")
        #expect(InnerControl.readLine(from: other.number) == "")
        #expect(InnerControl.readLine(from: other.number) == "ab — ü")
        #expect(write(one.number, "half", 4) == 4)
        #expect(shutdown(one.number, CInt(SHUT_RDWR)) == 0)
        #expect(InnerControl.readLine(from: other.number) == nil)
    }

    @Test("A line without an end is given up; writing to nobody does no harm")
    func hostility() throws {
        let (one, other) = try Self.pair()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1500)
        #expect(write(one.number, long, long.count) == long.count)
        #expect(InnerControl.readLine(from: other.number) == nil)
        let writer: SocketDescriptor
        do { (writer, _) = try Self.pair() }
        InnerControl.writeLine("anybody?", to: writer.number)
    }

    @Test("Commands arrive in order, what is none is passed over, and they end with the socket")
    func stream() async throws {
        let (one, other) = try Self.pair()
        for line in ["plug 1", "nonsense", "unplug 1", "plug 2"] { InnerControl.writeLine(line, to: one.number) }
        #expect(shutdown(one.number, CInt(SHUT_WR)) == 0)
        var commands: [InnerControl.Command] = []
        for await command in InnerControl.commands(from: other) { commands.append(command) }
        #expect(commands == [.plug(1), .unplug(1), .plug(2)])
    }
}
