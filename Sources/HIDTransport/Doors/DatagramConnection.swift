import CTAPHID
import Glibc
import Synchronization

/// A UDP port as the far end of a door: one device, to which several clients may talk at the same time.
///
/// An answer goes to whoever last used its channel. That works for INIT on the broadcast channel, too, because the next
/// datagram is not read before a report has been dealt with.
final class DatagramConnection: DoorConnection {
    /// The datagram by which test suites for a simulated Solo key take its power away.
    static let powerCycleDatagram: [UInt8] = [
        0xAC, 0x10, 0x52, 0xCA, 0x95, 0xE5, 0x69, 0xDE, 0x69, 0xE0, 0x2E, 0xBF, 0xF3, 0x33, 0x48, 0x5F,
        0x13, 0xF9, 0xB2, 0xDA, 0x34, 0xC5, 0xA8, 0xA3, 0x40, 0x52, 0x66, 0x97, 0xA9, 0xAB, 0x2E, 0x0B,
        0x39, 0x4D, 0x8D, 0x04, 0x97, 0x3C, 0x13, 0x40, 0x05, 0xBE, 0x1A, 0x01, 0x40, 0xBF, 0xF6, 0x04,
        0x5B, 0xB2, 0x6E, 0xB7, 0x7A, 0x73, 0xEA, 0xA4, 0x78, 0x13, 0xF6, 0xB4, 0x9A, 0x72, 0x50, 0xDC,
    ]

    let outlastsPower = true
    private let descriptor: DoorDescriptor
    private let replyPort: UInt16?
    private let senders = Mutex(ChannelUsers<InternetAddress>())
    /// Whether one call may send several datagrams: that costs little more than sending one.
    private let segmentation: Mutex<Bool>

    /// How many datagrams every kernel that can cut them takes at once (UDP_MAX_SEGMENTS).
    private static let segmentLimit = 64

    /// - Parameter replyPort: Where answers go, at the sender's address; the port that it sends from when `nil`.
    init(_ descriptor: DoorDescriptor, replyPort: UInt16?) {
        self.descriptor = descriptor
        self.replyPort = replyPort
        segmentation = Mutex(DatagramConnection.canCut(descriptor.number))
    }

    func receive() async throws(ReportSocketError) -> DoorInput? {
        // One byte more than the longest that is taken, so that longer ones are seen to be.
        var bytes = [UInt8](repeating: 0, count: HIDReport.byteCount + 2)
        while true {
            var sender = InternetAddress()
            let result = await descriptor.retry(waitingFor: POLLIN) { number in
                bytes.withUnsafeMutableBytes { buffer in
                    sender.withMutableAddress { recvfrom(number, buffer.baseAddress, buffer.count, 0, $0, $1) }
                }
            }
            switch result {
            case nil: return nil
            case .failure(let error): throw .system(call: "recvfrom", errorNumber: error.value)
            case .success(let count):
                // Some hosts send the report number 0 in front, as hidraw wants it.
                let hasNumber = count == HIDReport.byteCount + 1 && bytes.first == 0
                // What is no report is nothing, as on a wire.
                guard let report = HIDReport(bytes: bytes[..<count].dropFirst(hasNumber ? 1 : 0)) else { continue }
                if report.bytes == DatagramConnection.powerCycleDatagram { return .powerCycle }
                if let replyPort { sender.port = replyPort }
                senders.withLock { $0.note(sender, on: report.channel) }
                return .report(report)
            }
        }
    }

    func send(_ reports: [HIDReport]) async throws(ReportSocketError) {
        let datagrams = senders.withLock { senders in
            reports.compactMap { report in senders.user(toldBy: report).map { (report: report, address: $0) } }
        }
        var rest = datagrams[...]
        // How many go one by one, because together they could not.
        var singleCount = 0
        while let address = rest.first?.address {
            // As many as one call may carry; those of an answer all go to the same client.
            let limit = singleCount == 0 && segmentation.withLock(\.self) ? DatagramConnection.segmentLimit : 1
            let train = rest.prefix(limit).prefix { $0.address == address }
            let bytes = train.flatMap(\.report.bytes)
            let result = await descriptor.retry(waitingFor: POLLOUT) { number in
                bytes.withUnsafeBytes { buffer in
                    train.count > 1
                        ? DatagramConnection.send(buffer, cutTo: UInt16(HIDReport.byteCount), to: address, by: number)
                        : address.withAddress { sendto(number, buffer.baseAddress, buffer.count, 0, $0, $1) }
                }
            }
            switch result {
            case nil: return
            case .failure(let error) where train.count > 1:
                singleCount = train.count
                if error.meansNoSegmentation { segmentation.withLock { $0 = false } }
            // A client that cannot be reached is its own affair; the others are served on.
            case .failure, .success:
                rest = rest.dropFirst(train.count)
                singleCount = max(singleCount - train.count, 0)
            }
        }
    }

    /// What tells one call of `sendmsg` to cut: a control message of one number, filled up to whole words.
    private struct SegmentSize {
        var header = cmsghdr()
        let byteCount: UInt16
        let padding: (UInt16, UInt16, UInt16) = (0, 0, 0)

        init(byteCount: UInt16) {
            header.cmsg_len = MemoryLayout<cmsghdr>.size + MemoryLayout<UInt16>.size
            header.cmsg_level = CInt(IPPROTO_UDP)
            header.cmsg_type = DatagramConnection.udpSegment
            self.byteCount = byteCount
        }
    }

    /// UDP_SEGMENT of linux/udp.h.
    private static let udpSegment: CInt = 103

    /// Whether the kernel knows how to cut; one that does not would send everything as one datagram.
    private static func canCut(_ socket: CInt) -> Bool {
        var size: CInt = 0
        var byteCount = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(socket, CInt(IPPROTO_UDP), udpSegment, &size, &byteCount) == 0
    }

    /// `sendmsg` of what the kernel is to cut into datagrams of that size.
    ///
    /// The size goes with the call: of the socket it would be that of every other call, too.
    private static func send(
        _ bytes: UnsafeRawBufferPointer, cutTo byteCount: UInt16, to address: InternetAddress, by socket: CInt
    ) -> Int {
        var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        var size = SegmentSize(byteCount: byteCount)
        return address.withAddress { name, nameByteCount in
            withUnsafeMutablePointer(to: &part) { part in
                withUnsafeMutableBytes(of: &size) { size in
                    var message = msghdr()
                    message.msg_name = UnsafeMutableRawPointer(mutating: name)
                    message.msg_namelen = nameByteCount
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = size.baseAddress
                    message.msg_controllen = size.count
                    return sendmsg(socket, &message, 0)
                }
            }
        }
    }
}
