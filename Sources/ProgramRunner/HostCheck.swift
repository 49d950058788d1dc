import Glibc
import HIDTransport

/// The programs of the host that a namespace needs.
public struct HostTools: Hashable, Sendable {
    /// The path of util-linux's `unshare`.
    public var unshare: String
    /// The path of bubblewrap's `bwrap`.
    public var bubblewrap: String

    /// Tools at known paths.
    public init(unshare: String, bubblewrap: String) {
        self.unshare = unshare
        self.bubblewrap = bubblewrap
    }
}

/// Finds out whether this host can give a program surroundings of its own, with virtual security keys in them.
public struct HostCheck: Sendable {
    /// What a program is to have.
    public enum Need: Hashable, Sendable {
        /// Mounts in a user namespace.
        case namespace
        /// Device files and a sysfs as well.
        case keys
    }

    /// What was found out; a value, so that each conclusion can be tested.
    struct Facts: Hashable, Sendable {
        var unshare: String?
        var bubblewrap: String?
        /// The error number of opening `/dev/fuse`; zero if it can be opened.
        var fuseError: Int32 = 0
        /// Whether `/sys/class/hidraw` exists.
        var hasHidraw = true
        /// Whether a mount in a new user and mount namespace succeeded.
        var canMountInNamespace = true
        /// The sysctls that forbid user namespaces, if they do.
        var restriction: HostProblem.NamespaceRestriction = .unknown
    }

    /// The tools, once everything has been found to be in order.
    ///
    /// - Parameter need: What is asked for.
    /// - Returns: The tools.
    /// - Throws: The first ``HostProblem``, in the order in which a person would mend them.
    public static func run(for need: Need) async throws(HostProblem) -> HostTools {
        try conclusion(from: await facts(need), for: need)
    }

    /// The tools, or the first problem.
    static func conclusion(from facts: Facts, for need: Need) throws(HostProblem) -> HostTools {
        guard let unshare = facts.unshare else { throw .missingProgram("unshare", package: "util-linux") }
        guard let bubblewrap = facts.bubblewrap else { throw .missingProgram("bwrap", package: "bubblewrap") }
        guard facts.canMountInNamespace || need == .keys else { throw .namespacesForbidden(facts.restriction) }
        guard need == .keys else { return HostTools(unshare: unshare, bubblewrap: bubblewrap) }
        guard facts.fuseError != ENOENT && facts.fuseError != ENODEV && facts.fuseError != ENXIO else {
            throw .noFuse
        }
        guard facts.fuseError == 0 else { throw .fuseNotAccessible(errorNumber: facts.fuseError) }
        guard facts.hasHidraw else { throw .noHidraw }
        guard facts.canMountInNamespace else { throw .namespacesForbidden(facts.restriction) }
        return HostTools(unshare: unshare, bubblewrap: bubblewrap)
    }

    private static func facts(_ need: Need) async -> Facts {
        var facts = Facts(unshare: find("unshare"), bubblewrap: find("bwrap"))
        let fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        facts.fuseError = fuse < 0 ? errno : 0
        if fuse >= 0 { close(fuse) }
        facts.hasHidraw = access(HidrawSysfs.path, F_OK) == 0
        if let unshare = facts.unshare, facts.hasHidraw || need == .namespace {
            facts.canMountInNamespace = await canMount(unshare, on: need == .keys ? HidrawSysfs.path : "/tmp")
            if !facts.canMountInNamespace { facts.restriction = restriction() }
        }
        return facts
    }

    /// Tries what will be done: a mount over a folder, in a namespace that ends at once.
    private static func canMount(_ unshare: String, on folder: String) async -> Bool {
        let trial = ChildProcess(
            ChildProcess.Plan(
                arguments: [
                    unshare, "--user", "--mount", "--map-root-user", "--", "/bin/sh", "-c",
                    "exec 2>/dev/null; mount -t tmpfs none " + folder,
                ],
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], inheritedDescriptors: [], defaultSignals: [],
                isQuiet: true))
        do {
            return try await trial.run() == 0
        } catch {
            return false
        }
    }

    private static func restriction() -> HostProblem.NamespaceRestriction {
        if number(in: "/proc/sys/user/max_user_namespaces") == 0 { return .maximumIsZero }
        if number(in: "/proc/sys/kernel/unprivileged_userns_clone") == 0 { return .onlyForRoot }
        if number(in: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1 { return .appArmor }
        return .unknown
    }

    private static func number(in path: String) -> Int? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return Int(String(decoding: buffer.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// The path of a program of the host, searched in PATH and where the distributions put it.
    public static func find(_ program: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/bin", "/bin", "/usr/sbin"]
        return folders.map { $0 + "/" + program }.first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
    }
}
