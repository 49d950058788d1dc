import CFuse
import CTAPHID
import Glibc

/// One FUSE mount and the loop that serves it.
///
/// `@unchecked Sendable`: after `init` everything in it belongs to the one thread that calls ``run()``; other threads
/// reach it through the mailbox, which has a lock. libfuse calls back on that thread only.
final class HidrawNodeSession: @unchecked Sendable {
    private let identity: HidrawIdentity
    private let path: String
    private let mailbox: HidrawMailbox
    private let clientReports: AsyncThrowingStream<HIDReport, any Error>.Continuation
    private var session: OpaquePointer?
    private var files = HidrawOpenFiles<WaitingRead, OpaquePointer>()
    private var lastReadID: UInt64 = 0
    private var interruptedReads: [UInt64] = []

    /// S_IFREG; by that name there are two, the C library's and Swift's.
    private static let regularFile: mode_t = 0o100000

    private struct WaitingRead {
        let request: OpaquePointer
        let byteCount: Int
    }

    init(
        identity: HidrawIdentity, path: String, mailbox: HidrawMailbox,
        clientReports: AsyncThrowingStream<HIDReport, any Error>.Continuation
    ) throws(HidrawNodeError) {
        self.identity = identity
        self.path = path
        self.mailbox = mailbox
        self.clientReports = clientReports
        aikagi_fuse_silence()
        // Mounted by hand, not by fuse_session_mount(): that one calls a setuid helper when it is refused, and tells the
        // reason of a failure to standard error only.
        let descriptor = Glibc.open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .noFuseDevice(errno) }
        let options =
            "fd=\(descriptor),rootmode=\(String(HidrawNodeSession.regularFile, radix: 8)),user_id=\(getuid()),group_id=\(getgid()),allow_other"
        guard mount("aikagi", path, "fuse.aikagi", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), options) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            throw .notMounted(path: path, errorNumber: number)
        }
        session = makeSession(on: descriptor)
        guard session != nil else {
            umount2(path, CInt(MNT_DETACH))
            Glibc.close(descriptor)
            throw .noSession
        }
    }

    /// A libfuse session on an open and mounted `/dev/fuse`, which it will close; `nil` when libfuse refuses.
    private func makeSession(on descriptor: CInt) -> OpaquePointer? {
        var operations = HidrawNodeSession.operations
        let name = strdup("aikagi")
        defer { free(name) }
        var argument: [UnsafeMutablePointer<CChar>?] = [name, nil]
        let session = argument.withUnsafeMutableBufferPointer { buffer in
            var arguments = fuse_args(argc: 1, argv: buffer.baseAddress, allocated: 0)
            return aikagi_fuse_session_new(&arguments, &operations, Unmanaged.passUnretained(self).toOpaque())
        }
        guard let session else { return nil }
        guard fuse_session_mount(session, "/dev/fd/\(descriptor)") == 0 else {
            fuse_session_destroy(session)
            return nil
        }
        return session
    }

    /// Serves until it is told to end or the mount is gone.
    func run() {
        defer { tearDown() }
        guard let session else { return }
        var buffer = fuse_buf()
        defer { free(buffer.mem) }
        while fuse_session_exited(session) == 0 {
            var descriptors = [
                pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0),
                pollfd(fd: mailbox.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard Glibc.poll(&descriptors, 2, -1) >= 0 || errno == EINTR else { return }
            if descriptors[1].revents != 0 {
                let (reports, isStopping) = mailbox.take()
                reports.forEach(deliver)
                if isStopping { return }
            }
            if descriptors[0].revents != 0 {
                let count = fuse_session_receive_buf(session, &buffer)
                if count > 0 {
                    fuse_session_process_buf(session, &buffer)
                    answerInterruptedReads()
                } else if count != -EAGAIN && count != -EINTR {
                    return
                }
            }
        }
    }

    /// Unmounts, answers whoever still waits, and tells the others; may be called once only.
    func tearDown() {
        let (readers, watches) = files.releaseAll()
        for reader in readers { fuse_reply_err(reader.request, ENODEV) }
        for watch in watches {
            fuse_lowlevel_notify_poll(watch)
            fuse_pollhandle_destroy(watch)
        }
        umount2(path, CInt(MNT_DETACH))
        if let session { fuse_session_destroy(session) }
        session = nil
        clientReports.finish()
        mailbox.markEnded()
    }

    private func deliver(_ report: HIDReport) {
        for action in files.deliver(report) {
            switch action {
            case .answer(let read, let report): reply(to: read.request, with: report, at: read.byteCount)
            case .notify(let watch):
                fuse_lowlevel_notify_poll(watch)
                fuse_pollhandle_destroy(watch)
            }
        }
    }

    private func answerInterruptedReads() {
        for id in interruptedReads {
            if let read = files.withdraw(id: id) { fuse_reply_err(read.request, EINTR) }
        }
        interruptedReads = []
    }

    /// A report, or its beginning if the caller has less room; the rest is lost, as with hidraw.
    private func reply(to request: OpaquePointer?, with report: HIDReport, at byteCount: Int) {
        report.bytes.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                _ = fuse_reply_buf(request, characters.baseAddress, min(byteCount, characters.count))
            }
        }
    }
}

/// The kernel's requests.
extension HidrawNodeSession {
    private static func of(_ request: OpaquePointer?) -> HidrawNodeSession? {
        guard let request, let context = fuse_req_userdata(request) else { return nil }
        return Unmanaged<HidrawNodeSession>.fromOpaque(context).takeUnretainedValue()
    }

    private static var operations: fuse_lowlevel_ops {
        var operations = fuse_lowlevel_ops()
        operations.getattr = { request, node, _ in HidrawNodeSession.replyAttributes(to: request, of: node) }
        // Changes of mode, owner, times and size are accepted and ignored, as a device node's size is.
        operations.setattr = { request, node, _, _, _ in HidrawNodeSession.replyAttributes(to: request, of: node) }
        operations.open = { request, _, _ in HidrawNodeSession.of(request)?.open(request) }
        operations.release = { request, _, information in
            HidrawNodeSession.of(request)?.release(request, handle: information?.pointee.fh ?? 0)
        }
        operations.read = { request, _, size, _, information in
            HidrawNodeSession.of(request)?.read(
                request, byteCount: size, handle: information?.pointee.fh ?? 0,
                isNonblocking: (information?.pointee.flags ?? 0) & O_NONBLOCK != 0)
        }
        operations.write = { request, _, bytes, size, _, _ in
            let data = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : size)
            HidrawNodeSession.of(request)?.write(request, Array(data))
        }
        operations.poll = { request, _, information, watch in
            HidrawNodeSession.of(request)?.poll(request, handle: information?.pointee.fh ?? 0, watch: watch)
        }
        operations.ioctl = { request, _, command, _, _, _, _, _, capacity in
            HidrawNodeSession.of(request)?.ioctl(request, command: command, capacity: capacity)
        }
        return operations
    }

    private static func replyAttributes(to request: OpaquePointer?, of node: fuse_ino_t) {
        var status = stat()
        status.st_ino = ino_t(node)
        status.st_mode = HidrawNodeSession.regularFile | 0o666
        status.st_nlink = 1
        status.st_uid = getuid()
        status.st_gid = getgid()
        fuse_reply_attr(request, &status, 3600)
    }

    private func open(_ request: OpaquePointer?) {
        let handle = files.open()
        // The caller was interrupted meanwhile: no release will come.
        if aikagi_fuse_reply_open_stream(request, handle) == -ENOENT { _ = files.release(handle) }
    }

    private func release(_ request: OpaquePointer?, handle: UInt64) {
        let (readers, watch) = files.release(handle)
        for reader in readers { fuse_reply_err(reader.request, EINTR) }
        if let watch { fuse_pollhandle_destroy(watch) }
        fuse_reply_err(request, 0)
    }

    private func read(_ request: OpaquePointer?, byteCount: Int, handle: UInt64, isNonblocking: Bool) {
        if let report = files.nextReport(of: handle) { return reply(to: request, with: report, at: byteCount) }
        guard let request, !isNonblocking else {
            fuse_reply_err(request, EAGAIN)
            return
        }
        lastReadID &+= 1
        guard files.wait(WaitingRead(request: request, byteCount: byteCount), id: lastReadID, for: handle) else {
            fuse_reply_err(request, EBADF)
            return
        }
        // The callback only takes a note: libfuse may call it with its lock on the request held.
        fuse_req_interrupt_func(
            request,
            { request, context in
                HidrawNodeSession.of(request)?.interruptedReads.append(UInt64(UInt(bitPattern: context)))
            }, UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: lastReadID)))
        answerInterruptedReads()
    }

    private func write(_ request: OpaquePointer?, _ bytes: [UInt8]) {
        // hidraw wants the report number in front, zero here as there are none; some clients leave it out.
        let content = bytes.count == HIDReport.byteCount + 1 && bytes.first == 0 ? bytes.dropFirst() : bytes[...]
        guard let report = HIDReport(bytes: content) else {
            fuse_reply_err(request, EINVAL)
            return
        }
        switch clientReports.yield(report) {
        case .enqueued: fuse_reply_write(request, bytes.count)
        case .dropped: fuse_reply_err(request, EAGAIN)
        default: fuse_reply_err(request, ENODEV)
        }
    }

    private func poll(_ request: OpaquePointer?, handle: UInt64, watch: OpaquePointer?) {
        if let watch, let previous = files.watch(watch, for: handle) { fuse_pollhandle_destroy(previous) }
        var events = POLLOUT | POLLWRNORM
        if files.isReadable(handle) { events |= POLLIN | POLLRDNORM }
        fuse_reply_poll(request, UInt32(events))
    }

    private func ioctl(_ request: OpaquePointer?, command: UInt32, capacity: Int) {
        guard let ioctl = HidrawIoctl(request: command) else {
            // hidraw tells EINVAL for what is not its own, ENOTTY for what it does not know.
            fuse_reply_err(request, (command >> 8) & 0xFF == 0x48 ? ENOTTY : EINVAL)
            return
        }
        let (result, bytes) = ioctl.answer(for: identity)
        _ = bytes.withUnsafeBytes { fuse_reply_ioctl(request, result, $0.baseAddress, min($0.count, capacity)) }
    }
}
