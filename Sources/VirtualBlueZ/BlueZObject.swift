/// An object that BlueZ has on the bus.
enum BlueZObject: Hashable {
    /// `/`, which knows all others.
    case root
    /// `/org`, which is only a place on the way.
    case place
    /// `/org/bluez`.
    case manager
    /// `/org/bluez/hci0`.
    case adapter
    /// A device, by its path.
    case device(String)

    /// What is on the object beside introspection.
    var interfaces: [BlueZInterface] {
        switch self {
        case .root: [.introspectable, .objectManager]
        case .place: [.introspectable]
        case .manager: [.introspectable, .agentManager]
        case .adapter: [.introspectable, .properties, .adapter, .gattManager, .advertisingManager]
        case .device: [.introspectable, .properties, .device]
        }
    }
}

extension BlueZState {
    /// The object at a path.
    func object(at path: String) -> BlueZObject? {
        switch path {
        case "/": .root
        case "/org": .place
        case Self.managerPath: .manager
        case Self.adapterPath: .adapter
        default: devices[path].map { .device($0.path) }
        }
    }

    /// The last parts of the paths below an object.
    private func children(of object: BlueZObject) -> [String] {
        switch object {
        case .root: ["org"]
        case .place: ["bluez"]
        case .manager: ["hci0"]
        case .adapter: devices.keys.sorted().map { String($0.dropFirst(Self.adapterPath.utf8.count + 1)) }
        case .device: []
        }
    }

    /// The description of an object in D-Bus's introspection format.
    func introspection(of object: BlueZObject) -> String {
        var lines = [
            "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"",
            "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">", "<node>",
        ]
        for interface in object.interfaces {
            lines.append("  <interface name=\"\(interface.rawValue)\">")
            for method in interface.methods {
                lines.append("    <method name=\"\(method.name)\">")
                lines += method.input.map { Self.argument($0, direction: "in") }
                lines += method.output.map { Self.argument($0, direction: "out") }
                lines.append("    </method>")
            }
            for signal in interface.signals {
                lines.append("    <signal name=\"\(signal.name)\">")
                lines += signal.arguments.map { Self.argument($0, direction: nil) }
                lines.append("    </signal>")
            }
            for (name, value) in (properties(of: interface, on: object) ?? [:]).sorted(by: { $0.key < $1.key }) {
                let access = interface.writable[name] == nil ? "read" : "readwrite"
                lines.append("    <property name=\"\(name)\" type=\"\(value.signature)\" access=\"\(access)\"/>")
            }
            lines.append("  </interface>")
        }
        lines += children(of: object).map { "  <node name=\"\($0)\"/>" }
        return lines.joined(separator: "\n") + "\n</node>\n"
    }

    private static func argument(_ argument: BlueZInterface.Argument, direction: String?) -> String {
        let direction = direction.map { " direction=\"\($0)\"" } ?? ""
        return "      <arg name=\"\(argument.name)\" type=\"\(argument.type)\"\(direction)/>"
    }

    /// The properties of one interface of an object; nil for interfaces without any.
    func properties(of interface: BlueZInterface, on object: BlueZObject) -> [String: DBusValue]? {
        switch (interface, object) {
        case (.adapter, .adapter): adapterProperties
        case (.advertisingManager, .adapter):
            [
                "ActiveInstances": .byte(0), "SupportedInstances": .byte(0), "SupportedIncludes": .strings([]),
            ]
        case (.gattManager, .adapter): [:]
        case (.device, .device(let path)):
            devices[path]?.properties(signalStrength: configuration.signalStrength)
        default: nil
        }
    }

    /// All interfaces of an object with their properties, as `GetManagedObjects` and `InterfacesAdded` tell them.
    func managedInterfaces(of object: BlueZObject) -> DBusValue {
        var interfaces: [String: [String: DBusValue]] = [:]
        for interface in object.interfaces {
            interfaces[interface.rawValue] = properties(of: interface, on: object) ?? [:]
        }
        return .interfaces(interfaces)
    }

    /// All objects with their properties.
    var managedObjects: DBusValue {
        let paths = [Self.managerPath, Self.adapterPath] + devices.keys.sorted()
        return .array(
            of: "{oa{sa{sv}}}",
            paths.compactMap { path in
                object(at: path).map { .entry(.objectPath(path), managedInterfaces(of: $0)) }
            })
    }
}
