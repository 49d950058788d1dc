import CLibFuzzer
import Foundation

/// `aikagi-fuzz DECODER [libFuzzer's arguments]`, or `aikagi-fuzz --list`.
@main
enum AikagiFuzz {
    /// The decoder that the command line names.
    private static let decoder = FuzzedDecoder.named(CommandLine.arguments.dropFirst().first ?? "")

    static func main() {
        if CommandLine.arguments.dropFirst().first == "--list" {
            for decoder in FuzzedDecoder.all { print(decoder.name) }
            return
        }
        guard decoder != nil else {
            print("name a decoder first (--list shows them), then libFuzzer's arguments (-help=1 shows them)")
            exit(2)
        }
        // Where libFuzzer starts itself again (-merge, -fork, -minimize_crash), it does so by a shell command that
        // begins with argument 0: with the decoder's name in there, the second process knows its decoder, too.
        let program = CommandLine.arguments.prefix(2).joined(separator: " ")
        let arguments = [program] + CommandLine.arguments.dropFirst(2)
        var count = CInt(arguments.count)
        // libFuzzer keeps the pointers until the process ends.
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { pointers[index] = strdup(argument) }
        pointers[arguments.count] = nil
        // The Swift runtime's handlers print a backtrace and end the process; libFuzzer's write the input to a file, but
        // replace nobody's.
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] { signal(number, SIG_DFL) }
        var vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = pointers
        let status = LLVMFuzzerRunDriver(&count, &vector) { data, size in
            AikagiFuzz.decoder?.run(Array(UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
        exit(status)
    }
}
