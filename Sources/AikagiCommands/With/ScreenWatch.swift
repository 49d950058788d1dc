import Glibc
import ScreenCapture
import Synchronization

/// Lets phones look at the screens of a session's programs while one of these looks for phones.
final class ScreenWatch: Sendable {
    /// The folder of a virtual screen.
    enum Folder: Hashable, Sendable {
        /// There is, or soon will be, a screen in it.
        case added(String)
        /// Its screen is gone.
        case removed(String)
    }

    private enum Change: Sendable {
        case discovery(Bool)
        case display(any Screen)
        case folder(Folder)
    }

    private let changes: AsyncStream<Change>
    private let inbox: AsyncStream<Change>.Continuation
    private let log: EventLog
    private let complaints = Mutex<Set<ScreenError>>([])

    init(log: EventLog) {
        (changes, inbox) = AsyncStream.makeStream(of: Change.self)
        self.log = log
    }

    /// Says that a program looks for Bluetooth devices, or that none does any more.
    func tell(isDiscovering: Bool) { inbox.yield(.discovery(isDiscovering)) }

    /// Says that there is a display, besides the virtual screens.
    func tell(display: any Screen) { inbox.yield(.display(display)) }

    /// Says that a virtual screen has come or gone.
    func tell(_ folder: Folder) { inbox.yield(.folder(folder)) }

    /// Watches until the task is cancelled, and gives each FIDO code that appears to the desk.
    func run(_ desk: PhoneDesk) async {
        let (codes, found) = AsyncStream.makeStream(of: QRCodeSighting.self)
        await withDiscardingTaskGroup { group in
            group.addTask { await desk.warmUp() }
            group.addTask { [self] in await watch(desk) { found.yield($0) } }
            group.addTask { for await code in desk.leftOver { found.yield(QRCodeSighting(text: code)) } }
            // A phone that has scanned goes on when the program has heard it and looks no longer.
            for await code in codes { group.addTask { await desk.scan(code.text, unseenAt: code.unseenAt) } }
            group.cancelAll()
        }
    }

    private func watch(_ desk: PhoneDesk, _ found: @escaping @Sendable (QRCodeSighting) -> Void) async {
        var changes = changes.makeAsyncIterator()
        // By folder; a display has a name that no folder has.
        var screens: [String: any Screen] = [:]
        var isDiscovering = false
        var change = await changes.next()
        while let current = change {
            switch current {
            case .display(let screen): screens["display \(screens.count)"] = screen
            case .folder(.added(let folder)): screens[folder] = FramebufferScreen(folder: folder)
            case .folder(.removed(let folder)): screens[folder] = nil
            case .discovery(let isOn):
                isDiscovering = isOn
                if !isOn { desk.forgetLeftOver() }
                log.note(isOn ? "discovering" : "discovery-ended")
            }
            let shown = isDiscovering ? Array(screens.values) : []
            // Each change begins anew with all screens; the desk knows which codes it has seen.
            change = await withTaskGroup(of: Void.self) { group in
                for screen in shown { group.addTask { [self] in await look(at: screen, found) } }
                defer { group.cancelAll() }
                return await changes.next()
            }
        }
    }

    /// Looks at a screen until the task is cancelled.
    private func look(at screen: any Screen, _ found: (QRCodeSighting) -> Void) async {
        while !Task.isCancelled {
            do {
                try await QRCodeWatcher(screen: screen).run { code in
                    if code.text.uppercased().hasPrefix("FIDO:/") { found(code) }
                }
            } catch ScreenError.noFramebuffer(_, ENOENT) {
                // The X server has not made it yet.
            } catch {
                // Each is told once.
                let isNew = (error as? ScreenError).map { error in complaints.withLock { $0.insert(error).inserted } }
                if isNew ?? true { log.fail("\(error)") }
            }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return }  // cancelled
        }
    }
}
