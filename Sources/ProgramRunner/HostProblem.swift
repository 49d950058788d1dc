/// Why this host cannot give a program surroundings of its own.
public enum HostProblem: Error, Hashable, Sendable {
    /// What forbids user namespaces.
    public enum NamespaceRestriction: Hashable, Sendable, CaseIterable {
        /// `user.max_user_namespaces` is zero.
        case maximumIsZero
        /// `kernel.unprivileged_userns_clone` is zero (Debian's own setting).
        case onlyForRoot
        /// `kernel.apparmor_restrict_unprivileged_userns` is one (Ubuntu 24.04).
        case appArmor
        /// Something else, usually a container's filter.
        case unknown
    }

    /// A program is not installed.
    case missingProgram(String, package: String)
    /// There is no `/dev/fuse`.
    case noFuse
    /// `/dev/fuse` may not be opened; with the error number.
    case fuseNotAccessible(errorNumber: Int32)
    /// The kernel has no hidraw.
    case noHidraw
    /// User namespaces cannot be had, or nothing can be mounted in them.
    case namespacesForbidden(NamespaceRestriction)
}

extension HostProblem: CustomStringConvertible {
    /// One sentence with the mend.
    public var description: String {
        switch self {
        case .missingProgram(let program, let package):
            "this needs `\(program)`, which is not installed; run `sudo apt-get install \(package)`"
        case .noFuse: "this needs /dev/fuse, which does not exist; run `sudo modprobe fuse`"
        case .fuseNotAccessible(let number):
            "this needs /dev/fuse, which cannot be opened (\(errorText(number))); run `sudo chmod 666 /dev/fuse`"
        case .noHidraw:
            "this needs /sys/class/hidraw, which does not exist; use a kernel with CONFIG_HIDRAW (`sudo modprobe hid`)"
        case .namespacesForbidden(.maximumIsZero):
            "this needs user namespaces, which are turned off; run `sudo sysctl -w user.max_user_namespaces=10000`"
        case .namespacesForbidden(.onlyForRoot):
            "this needs user namespaces, which are for root only; run `sudo sysctl -w kernel.unprivileged_userns_clone=1`"
        case .namespacesForbidden(.appArmor):
            "this needs user namespaces, which AppArmor restricts; run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
        case .namespacesForbidden(.unknown):
            "this needs user namespaces, which this host (a container?) forbids; allow them, or use a virtual device through uhid"
        }
    }
}
