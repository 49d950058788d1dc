import AikagiCommands
import ArgumentParser

/// The executable: everything is in ``AikagiCommand``.
@main struct Aikagi {
    static func main() async {
        await AikagiCommand.main()
    }
}
