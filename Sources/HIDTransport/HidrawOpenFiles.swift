import CTAPHID

/// The open files of one hidraw device: what each has still to read, who waits, who wants to be told.
///
/// A value without I/O. `Request` is a read that waits for its answer, `Watch` a poll that waits for news; whoever gives
/// one in gets it back exactly once.
struct HidrawOpenFiles<Request, Watch> {
    /// What happened to whoever waited.
    enum Action {
        /// A read ends with a report.
        case answer(Request, HIDReport)
        /// A poll has news, and is over.
        case notify(Watch)
    }

    /// How many reports wait for one open file; a whole message has up to 129.
    ///
    /// When it is full new reports are lost for this file, as the kernel's hidraw does with its 64.
    static var capacity: Int { 512 }

    private struct File {
        /// Reports in the order of their arrival; those before `head` have been read.
        var reports: [HIDReport] = []
        var head = 0
        var readers: [(id: UInt64, request: Request)] = []
        var watch: Watch?

        var count: Int { reports.count - head }

        mutating func next() -> HIDReport? {
            guard head < reports.count else { return nil }
            let report = reports[head]
            head += 1
            if head == reports.count {
                reports = []
                head = 0
            }
            return report
        }
    }

    private var files: [UInt64: File] = [:]
    private var lastHandle: UInt64 = 0

    /// How many are open.
    var count: Int { files.count }

    /// Opens another file; it hears only what comes from now on.
    mutating func open() -> UInt64 {
        lastHandle &+= 1
        files[lastHandle] = File()
        return lastHandle
    }

    /// Closes a file, and returns who waited for it.
    mutating func release(_ handle: UInt64) -> (readers: [Request], watch: Watch?) {
        guard let file = files.removeValue(forKey: handle) else { return ([], nil) }
        return (file.readers.map(\.request), file.watch)
    }

    /// Closes every file, and returns who waited.
    mutating func releaseAll() -> (readers: [Request], watches: [Watch]) {
        let all = files.values
        files = [:]
        return (all.flatMap { $0.readers.map(\.request) }, all.compactMap(\.watch))
    }

    /// The next report of a file, if there is one.
    mutating func nextReport(of handle: UInt64) -> HIDReport? { files[handle]?.next() }

    /// Whether a file has something to read.
    func isReadable(_ handle: UInt64) -> Bool { files[handle].map { $0.count > 0 } ?? false }

    /// Lets a read wait for the next report.
    ///
    /// - Returns: `false` when the file is not open; the request is not kept then.
    mutating func wait(_ request: Request, id: UInt64, for handle: UInt64) -> Bool {
        guard files[handle] != nil else { return false }
        files[handle]?.readers.append((id, request))
        return true
    }

    /// Takes back a read that must not wait any longer; `nil` when it has been answered already.
    mutating func withdraw(id: UInt64) -> Request? {
        for handle in files.keys {
            if let index = files[handle]?.readers.firstIndex(where: { $0.id == id }) {
                return files[handle]?.readers.remove(at: index).request
            }
        }
        return nil
    }

    /// Remembers who wants to be told of news, and returns the one it replaces.
    mutating func watch(_ watch: Watch, for handle: UInt64) -> Watch? {
        guard files[handle] != nil else { return watch }
        let previous = files[handle]?.watch
        files[handle]?.watch = watch
        return previous
    }

    /// Gives a report to every open file.
    mutating func deliver(_ report: HIDReport) -> [Action] {
        var actions: [Action] = []
        for handle in files.keys {
            guard var file = files.removeValue(forKey: handle) else { continue }
            if !file.readers.isEmpty {
                actions.append(.answer(file.readers.removeFirst().request, report))
            } else if file.count < Self.capacity {
                file.reports.append(report)
                if let watch = file.watch {
                    actions.append(.notify(watch))
                    file.watch = nil
                }
            }
            files[handle] = file
        }
        return actions
    }
}
