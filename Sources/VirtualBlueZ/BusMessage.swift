import CSystemd
import Glibc

/// Reads and writes sd-bus's messages; they stay its own, and none is kept.
enum BusMessage {
    /// How deep containers may be nested; D-Bus allows 64, nothing here needs more than 5.
    private static let maximumDepth = 32

    /// The method call that a message is; nil if it is something else.
    ///
    /// Arguments that cannot be read are left out, and the call then fits no method.
    static func call(_ message: OpaquePointer) -> DBusCall? {
        guard type(of: message) == UInt8(SD_BUS_MESSAGE_METHOD_CALL),
            let path = text(sd_bus_message_get_path(message)), let member = text(sd_bus_message_get_member(message))
        else { return nil }
        return DBusCall(
            sender: text(sd_bus_message_get_sender(message)) ?? "", path: path,
            interface: text(sd_bus_message_get_interface(message)), member: member,
            arguments: (try? arguments(of: message)) ?? [.signature("unreadable")])
    }

    /// The unique name of the client whose end the bus announces.
    static func departedClient(_ message: OpaquePointer, driver: String) -> String? {
        guard sd_bus_message_is_signal(message, driver, "NameOwnerChanged") > 0,
            text(sd_bus_message_get_sender(message)) == driver,
            // Signals that are not for us are passed over without harm.
            let arguments = try? arguments(of: message), arguments.count == 3, arguments[2].text == "",
            let name = arguments[0].text, name.hasPrefix(":")
        else { return nil }
        return name
    }

    /// Answers a call, unless its sender does not want to know.
    ///
    /// - Returns: a negative error number when the bus has gone.
    static func reply(_ reply: Result<[DBusValue], DBusError>, to call: OpaquePointer) -> CInt {
        guard sd_bus_message_get_expect_reply(call) > 0 else { return 0 }
        var answer: OpaquePointer?
        var status: CInt
        switch reply {
        case .success(let values):
            status = sd_bus_message_new_method_return(call, &answer)
            if status >= 0, let answer { status = append(values, to: answer) }
        case .failure(let error):
            status = error.name.withCString { name in
                error.message.withCString { message in
                    var error = sd_bus_error(name: name, message: message, _need_free: 0)
                    return sd_bus_message_new_method_error(call, &answer, &error)
                }
            }
        }
        guard let answer else { return status }
        defer { sd_bus_message_unref(answer) }
        return status < 0 ? status : sd_bus_send(nil, answer, nil)
    }

    /// Sends a signal.
    ///
    /// - Returns: a negative error number when the bus has gone.
    static func send(_ signal: DBusSignal, on bus: OpaquePointer) -> CInt {
        var message: OpaquePointer?
        var status = sd_bus_message_new_signal(bus, &message, signal.path, signal.interface, signal.member)
        guard status >= 0, let message else { return status }
        defer { sd_bus_message_unref(message) }
        status = append(signal.arguments, to: message)
        return status < 0 ? status : sd_bus_send(bus, message, nil)
    }

    // MARK: Reading

    private struct Unreadable: Error {}

    private static func type(of message: OpaquePointer) -> UInt8 {
        var type: UInt8 = 0
        sd_bus_message_get_type(message, &type)
        return type
    }

    private static func text(_ text: UnsafePointer<CChar>?) -> String? { text.map { String(cString: $0) } }

    private static func arguments(of message: OpaquePointer) throws -> [DBusValue] {
        sd_bus_message_rewind(message, 1)
        // Whoever reads the message next begins at its beginning.
        defer { sd_bus_message_rewind(message, 1) }
        return try values(of: message, depth: 0)
    }

    /// The values up to the end of the container or the message.
    private static func values(of message: OpaquePointer, depth: Int) throws -> [DBusValue] {
        guard depth < maximumDepth else { throw Unreadable() }
        var values: [DBusValue] = []
        while true {
            var type: CChar = 0
            var contents: UnsafePointer<CChar>?
            let status = sd_bus_message_peek_type(message, &type, &contents)
            guard status >= 0 else { throw Unreadable() }
            guard status > 0 else { return values }
            values.append(try value(of: message, type: type, contents: contents, depth: depth))
        }
    }

    private static func value(
        of message: OpaquePointer, type: CChar, contents: UnsafePointer<CChar>?, depth: Int
    ) throws -> DBusValue {
        func basic<Value: BitwiseCopyable>(_ initial: Value) throws -> Value {
            var value = initial
            guard sd_bus_message_read_basic(message, type, &value) > 0 else { throw Unreadable() }
            return value
        }
        func string() throws -> String {
            let pointer: UnsafePointer<CChar>? = try basic(nil)
            guard let pointer else { throw Unreadable() }
            return String(cString: pointer)
        }
        switch UInt8(bitPattern: type) {
        case UInt8(ascii: "y"): return .byte(try basic(0))
        case UInt8(ascii: "b"): return .boolean(try basic(CInt(0)) != 0)
        case UInt8(ascii: "n"): return .int16(try basic(0))
        case UInt8(ascii: "q"): return .uint16(try basic(0))
        case UInt8(ascii: "i"): return .int32(try basic(0))
        case UInt8(ascii: "u"): return .uint32(try basic(0))
        case UInt8(ascii: "x"): return .int64(try basic(0))
        case UInt8(ascii: "t"): return .uint64(try basic(0))
        case UInt8(ascii: "d"): return .double(try basic(0))
        case UInt8(ascii: "s"): return .string(try string())
        case UInt8(ascii: "o"): return .objectPath(try string())
        case UInt8(ascii: "g"): return .signature(try string())
        default: break
        }
        // Copied: the pointer is into the message's own state, which entering changes.
        guard let contents = text(contents), sd_bus_message_enter_container(message, type, contents) > 0 else {
            throw Unreadable()
        }
        let values = try values(of: message, depth: depth + 1)
        guard sd_bus_message_exit_container(message) >= 0 else { throw Unreadable() }
        switch UInt8(bitPattern: type) {
        case UInt8(ascii: "a"): return .array(of: contents, values)
        case UInt8(ascii: "r"): return .structure(values)
        case UInt8(ascii: "e"):
            guard values.count == 2 else { throw Unreadable() }
            return .entry(values[0], values[1])
        case UInt8(ascii: "v"):
            guard values.count == 1 else { throw Unreadable() }
            return .variant(values[0])
        default: throw Unreadable()
        }
    }

    // MARK: Writing

    /// Appends values.
    ///
    /// - Returns: a negative error number when one does not fit.
    private static func append(_ values: [DBusValue], to message: OpaquePointer) -> CInt {
        for value in values {
            let status = append(value, to: message)
            guard status >= 0 else { return status }
        }
        return 0
    }

    private static func append(_ value: DBusValue, to message: OpaquePointer) -> CInt {
        func basic<Value: BitwiseCopyable>(_ type: Character, _ value: Value) -> CInt {
            withUnsafePointer(to: value) { sd_bus_message_append_basic(message, code(type), $0) }
        }
        func string(_ type: Character, _ text: String) -> CInt {
            text.withCString { sd_bus_message_append_basic(message, code(type), $0) }
        }
        func container(_ type: Character, _ contents: String, _ values: [DBusValue]) -> CInt {
            var status = sd_bus_message_open_container(message, code(type), contents)
            if status >= 0 { status = append(values, to: message) }
            return status < 0 ? status : sd_bus_message_close_container(message)
        }
        switch value {
        case .byte(let value): return basic("y", value)
        case .boolean(let value): return basic("b", value ? CInt(1) : CInt(0))
        case .int16(let value): return basic("n", value)
        case .uint16(let value): return basic("q", value)
        case .int32(let value): return basic("i", value)
        case .uint32(let value): return basic("u", value)
        case .int64(let value): return basic("x", value)
        case .uint64(let value): return basic("t", value)
        case .double(let value): return basic("d", value)
        case .string(let text): return string("s", text)
        case .objectPath(let text): return string("o", text)
        case .signature(let text): return string("g", text)
        case .array(let element, let values): return container("a", element, values)
        case .structure(let values): return container("r", values.map(\.signature).joined(), values)
        case .entry(let key, let value): return container("e", key.signature + value.signature, [key, value])
        case .variant(let value): return container("v", value.signature, [value])
        }
    }

    private static func code(_ type: Character) -> CChar { CChar(bitPattern: type.asciiValue ?? 0) }
}
