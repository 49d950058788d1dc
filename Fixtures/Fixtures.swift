public import FoundationEssentials

import class Foundation.Bundle

/// Test data, one folder per origin; each folder's `README.md` names sources and licences.
public enum Fixtures {
    /// The bytes of a file, named by its path below `Fixtures/`.
    ///
    /// - Throws: the error of reading the file, when there is none of that name.
    public static func data(_ path: String) throws -> Data {
        try Data(contentsOf: Bundle.module.bundleURL.appending(path: path))
    }
}
