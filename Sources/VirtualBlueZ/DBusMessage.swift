/// A method call as it came from the bus.
struct DBusCall: Hashable, Sendable {
    /// The caller's unique name.
    var sender: String
    /// The object's path.
    var path: String
    /// The interface, if the caller has named one.
    var interface: String?
    /// The method.
    var member: String
    /// The arguments.
    var arguments: [DBusValue] = []

    /// The arguments' types, one after the other.
    var signature: String { arguments.map(\.signature).joined() }
}

/// Why a call is refused, as its caller hears it.
struct DBusError: Error, Hashable, Sendable {
    /// The error's name, for example `org.bluez.Error.NotReady`.
    var name: String
    /// What a person reads.
    var message: String
}

/// A signal to everybody.
struct DBusSignal: Hashable, Sendable {
    /// The object's path.
    var path: String
    /// The interface.
    var interface: String
    /// The signal.
    var member: String
    /// The arguments.
    var arguments: [DBusValue]
}

extension DBusError {
    private static let standard = "org.freedesktop.DBus.Error."

    /// There is no such object.
    static func unknownObject(_ call: DBusCall) -> DBusError {
        DBusError(name: standard + "UnknownObject", message: missing(call))
    }

    /// The object has no such method with arguments of these types.
    static func unknownMethod(_ call: DBusCall) -> DBusError {
        DBusError(name: standard + "UnknownMethod", message: missing(call))
    }

    /// libdbus's sentence.
    private static func missing(_ call: DBusCall) -> String {
        "Method \"\(call.member)\" with signature \"\(call.signature)\" on interface "
            + "\"\(call.interface ?? "(null)")\" doesn't exist\n"
    }

    /// The object has no such interface with properties.
    static func noInterface(_ name: String) -> DBusError {
        DBusError(name: standard + "InvalidArgs", message: "No such interface '\(name)'")
    }

    /// The interface has no such property.
    static func noProperty(_ name: String) -> DBusError {
        DBusError(name: standard + "UnknownProperty", message: "No such property '\(name)'")
    }

    /// The property cannot be set.
    static func readOnly(_ name: String) -> DBusError {
        DBusError(name: standard + "PropertyReadOnly", message: "Property '\(name)' is not writable")
    }

    /// The property is of another type.
    static func invalidSignature(_ name: String) -> DBusError {
        DBusError(name: standard + "InvalidSignature", message: "Invalid signature for '\(name)'")
    }

    private static let bluez = "org.bluez.Error."

    /// An argument has no meaning.
    static let invalidArguments = DBusError(
        name: bluez + "InvalidArguments", message: "Invalid arguments in method call")
    /// The adapter is off.
    static let notReady = DBusError(name: bluez + "NotReady", message: "Resource Not Ready")
    /// The caller has asked already.
    static let inProgress = DBusError(name: bluez + "InProgress", message: "Operation already in progress")
    /// What is to be removed is not there.
    static let doesNotExist = DBusError(name: bluez + "DoesNotExist", message: "Does Not Exist")
    /// What is to be added is there.
    static let alreadyExists = DBusError(name: bluez + "AlreadyExists", message: "Already Exists")
    /// This adapter cannot do it.
    static let notSupported = DBusError(name: bluez + "NotSupported", message: "Operation is not supported")
    /// There is no connection.
    static let notConnected = DBusError(name: bluez + "NotConnected", message: "Not Connected")

    /// It did not succeed.
    static func failed(_ reason: String) -> DBusError { DBusError(name: bluez + "Failed", message: reason) }
}
