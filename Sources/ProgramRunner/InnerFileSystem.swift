import CLinuxProcess
import FoundationEssentials
import Glibc
import HIDTransport

/// What the program will find at `/dev` and `/sys/class/hidraw`: mounts of this mount namespace only.
///
/// Both are file systems in memory that lie over the host's, so no folder on disk is needed and nothing is left when the
/// namespace goes.
enum InnerFileSystem {
    /// Lays an empty file system over `/sys/class/hidraw` and a copy over `/dev`.
    ///
    /// The copy has every entry of the host's `/dev`, bound, except real hidraw devices, whose numbers ours would share.
    static func prepare() throws(LaunchError) {
        try mountMemory(on: HidrawSysfs.path)
        try layCopy(over: "/dev") { !$0.hasPrefix("hidraw") }
        // Devices that are plugged in later reach the program's own mount namespace, which bwrap makes a slave of this one.
        guard mount(nil, "/dev", nil, UInt(MS_SHARED), nil) == 0 else {
            throw .notMounted(path: "/dev", errorNumber: errno)
        }
    }

    /// Lays a file system in memory over a folder, with every entry of the folder bound in it.
    ///
    /// ``prepare()`` must have been called.
    static func layCopy(over folder: String, where isWanted: (String) -> Bool = { _ in true }) throws(LaunchError) {
        let copy = HidrawSysfs.path + "/.copy"
        try makeFolder(copy)
        try mountMemory(on: copy)
        for name in try entries(of: folder) where isWanted(name) {
            bindEntry(folder + "/" + name, to: copy + "/" + name)
        }
        guard mount(copy, folder, nil, UInt(MS_MOVE), nil) == 0 else {
            throw .notMounted(path: folder, errorNumber: errno)
        }
        rmdir(copy)
    }

    /// Puts a folder or file in another's place.
    static func bind(_ bind: ProgramPlan.Bind) throws(LaunchError) {
        guard mount(bind.source, bind.target, nil, UInt(MS_BIND | MS_REC), nil) == 0 else {
            throw .notMounted(path: bind.target, errorNumber: errno)
        }
    }

    /// An empty file for the device `hidrawN`, to mount on.
    ///
    /// - Returns: Its path.
    static func makeDeviceFile(_ number: Int) throws(LaunchError) -> String {
        let path = "/dev/" + HidrawSysfs.deviceName(number)
        try makeFile(path)
        return path
    }

    /// Removes the file of a device that is no longer mounted on it.
    static func removeDeviceFile(_ number: Int) { unlink("/dev/" + HidrawSysfs.deviceName(number)) }

    private static func mountMemory(on path: String) throws(LaunchError) {
        guard mount("aikagi", path, "tmpfs", UInt(MS_NOSUID), "mode=0755,size=4m") == 0 else {
            throw .notMounted(path: path, errorNumber: errno)
        }
    }

    private static func entries(of folder: String) throws(LaunchError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw .notMounted(path: folder, errorNumber: EACCES)
        }
    }

    /// Makes an entry appear in the copy: links are copied, everything else is bound.
    ///
    /// What cannot be bound is left out, as with what a container's host keeps to itself; a program that needs it says so.
    private static func bindEntry(_ source: String, to target: String) {
        let mode = aikagi_mode(source)
        guard mode != 0 else { return }
        switch mode & S_IFMT {
        case S_IFLNK:
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            if readlink(source, &buffer, buffer.count - 1) > 0 { symlink(buffer, target) }
        case S_IFDIR:
            guard mkdir(target, 0o755) == 0 else { return }
            if mount(source, target, nil, UInt(MS_BIND | MS_REC), nil) != 0 { rmdir(target) }
        default:
            let descriptor = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return }
            close(descriptor)
            if mount(source, target, nil, UInt(MS_BIND), nil) != 0 { unlink(target) }
        }
    }

    private static func makeFolder(_ path: String) throws(LaunchError) {
        guard mkdir(path, 0o755) == 0 else { throw .notWritten(path: path, reason: errorText(errno)) }
    }

    /// Makes an empty file.
    static func makeFile(_ path: String) throws(LaunchError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .notWritten(path: path, reason: errorText(errno)) }
        close(descriptor)
    }
}
