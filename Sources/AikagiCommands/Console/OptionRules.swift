/// Rules about options that exclude or need each other.
///
/// The argument parser checks them before it looks for options that do not exist; so a misspelt one would be reported
/// as whatever is missing in its place.
enum OptionRules {
    @TaskLocal private static var areChecked = true

    /// Checks rules, unless only the options themselves are looked at.
    static func check(_ rules: () throws -> Void) rethrows {
        if areChecked { try rules() }
    }

    /// Reads a command line; what is wrong with an option by itself is said before what is wrong with several together.
    static func parse<Value>(_ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            _ = try $areChecked.withValue(false) { try read() }
            throw error
        }
    }
}
