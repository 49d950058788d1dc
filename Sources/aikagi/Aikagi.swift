import AikagiCommands

/// The executable: everything is in ``AikagiCommand``.
@main struct Aikagi {
    static func main() async {
        await AikagiCommand.runFromCommandLine()
    }
}
