import Foundation

/// Who may do what with a file, as `chmod` counts it; `nil` when there is none.
///
/// By Foundation: which module `stat` belongs to depends on what is compiled beside it.
func permissions(of path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.posixPermissions] as? NSNumber)?.intValue
}
