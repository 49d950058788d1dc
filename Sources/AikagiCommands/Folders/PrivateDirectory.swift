import Foundation
import Glibc

/// Makes a folder with its parents, for this user alone when it is new, and refuses one that belongs to somebody else.
func createPrivateDirectory(_ path: String) throws(CommandFailure) {
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
        throw CommandFailure("cannot create the folder \(path): \(error.reason)")
    }
    let owner: UInt?
    do {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        owner = (attributes[.ownerAccountID] as? NSNumber)?.uintValue ?? attributes[.ownerAccountID] as? UInt
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            throw CommandFailure("\(path) is not a folder; choose another one")
        }
    } catch let failure as CommandFailure {
        throw failure
    } catch {
        throw CommandFailure("cannot examine the folder \(path): \(error.reason)")
    }
    guard owner == UInt(getuid()) else {
        throw CommandFailure("the folder \(path) belongs to another user; choose another one")
    }
}
