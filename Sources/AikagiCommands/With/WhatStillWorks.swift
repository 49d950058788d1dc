import ProgramRunner

/// What can be done on a host that lacks what was asked for; `nil` when nothing is known.
func whatStillWorks(without error: any Error) -> String? {
    switch error {
    case HostProblem.noFuse, HostProblem.fuseNotAccessible, HostProblem.noHidraw:
        "--phone needs none of this: a browser with a window can use a phone by QR code here"
    case HostProblem.namespacesForbidden, HostProblem.missingProgram:
        "`aikagi register --hybrid`, `login --hybrid` and `phone scan` play both sides without it"
    case SurroundingsError.missingProgram("Xvfb", _):
        "with --phone manual on a display of yours, or with --key, it is not needed"
    case SurroundingsError.missingProgram: "--key does not need it"
    default: nil
    }
}
