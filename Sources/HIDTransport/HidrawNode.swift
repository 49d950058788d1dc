public import CTAPHID

/// A hidraw device that is a file: a FUSE mount on one regular file, for programs in the same mount namespace.
///
/// Whoever opens the file finds what `/dev/hidrawN` offers: reads of 64 bytes (blocking or not), writes of a report
/// number and 64 bytes, poll, and the ioctls that ask what the device is. Every open file gets every report, as with
/// the kernel's hidraw. libfido2 alone is not content: it insists on a character device.
///
/// Towards the rest of the program it is a channel: what clients write are ``reports``, and ``send(_:)`` reaches all of
/// them. A thread of its own serves the kernel's requests.
public final class HidrawNode: HIDReportChannel {
    /// The reports that clients write, in order.
    ///
    /// It ends when the device is closed or its mount is taken away.
    public let reports: AsyncThrowingStream<HIDReport, any Error>
    private let mailbox: HidrawMailbox

    /// Mounts a device on an existing regular file, with mode 0666 for every user of this user namespace.
    ///
    /// - Parameters:
    ///   - identity: What the device says about itself.
    ///   - path: The file; its content is hidden for as long as the device is there.
    /// - Throws: ``HidrawNodeError``. Mounting needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace.
    public init(_ identity: HidrawIdentity, at path: String) throws(HidrawNodeError) {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: HIDReport.self, bufferingPolicy: .bufferingOldest(HidrawNode.unreadReportLimit))
        guard let mailbox = HidrawMailbox() else { throw .noSession }
        let session = try HidrawNodeSession(
            identity: identity, path: path, mailbox: mailbox, clientReports: continuation)
        guard OwnedThread.start({ session.run() }) else {
            session.tearDown()
            throw .noSession
        }
        reports = stream
        self.mailbox = mailbox
    }

    deinit { mailbox.stop() }

    /// How many reports of clients may wait to be read here; then writing answers EAGAIN.
    private static let unreadReportLimit = 1024

    /// Gives a report to every open file; one that does not read loses what comes after its first 512.
    ///
    /// - Throws: ``HidrawNodeError/closed``.
    public func send(_ report: HIDReport) async throws {
        guard mailbox.post(report) else { throw HidrawNodeError.closed }
    }

    /// Unplugs the device: reads that wait end with ENODEV, the mount goes, later uses of open files fail.
    public func close() async {
        mailbox.stop()
        await mailbox.waitForEnd()
    }
}
