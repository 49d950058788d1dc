import Testing

@testable import AikagiCommands

struct StartupPagesTests {
    @Test(
        "Only code of files is given back",
        arguments: [
            ("7f2a4c000000-7f2a4c021000 r-xp 00026000 fe:01 1234                       /usr/lib/libc.so.6\n", true),
            ("7f2a4c000000-7f2a4c021000 r-xp 00000000 fe:01 1234   /home/a b/.build/debug/aikagi\n", true),
            ("7f2a4c000000-7f2a4c021000 r--p 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("7f2a4c000000-7f2a4c021000 rw-p 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("7f2a4c000000-7f2a4c021000 rwxp 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("7ffd4c000000-7ffd4c021000 r-xp 00000000 00:00 0      [vdso]\n", false),
            ("7f2a4c000000-7f2a4c021000 r-xp 00000000 00:00 0 \n", false),
            ("7f2a4c021000-7f2a4c000000 r-xp 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("7f2a4c000000 r-xp 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("fffffffffffffffff-7f2a4c021000 r-xp 00026000 fe:01 1234   /usr/lib/libc.so.6\n", false),
            ("\n", false),
        ])
    func lines(_ line: String, isCode: Bool) {
        #expect(StartupPages.codeRange(line) == (isCode ? 0x7F2A_4C00_0000..<0x7F2A_4C02_1000 : nil))
    }
}
