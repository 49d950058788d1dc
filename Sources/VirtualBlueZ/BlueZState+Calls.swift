extension BlueZState {
    /// Finds the method that a call means, and carries it out.
    mutating func dispatch(_ call: DBusCall) throws(DBusError) -> [DBusValue] {
        guard let object = object(at: call.path) else { throw .unknownObject(call) }
        let candidates = object.interfaces.filter { call.interface == nil || $0.rawValue == call.interface }
        let interface = candidates.first { interface in
            interface.methods.contains { $0.name == call.member && $0.signature == call.signature }
        }
        // As in BlueZ, a call with arguments of other types is a call of another method.
        guard let interface else { throw .unknownMethod(call) }
        switch interface {
        case .introspectable: return [.string(introspection(of: object))]
        case .objectManager: return [managedObjects]
        case .properties: return try answerProperties(call, on: object)
        case .agentManager: return try answerAgentManager(call)
        case .adapter: return try answerAdapter(call)
        case .gattManager, .advertisingManager:
            // There is no GATT server, and nothing to advertise with: said at once rather than later.
            throw call.member.hasPrefix("Unregister") ? .doesNotExist : .notSupported
        case .device: return try answerDevice(call)
        }
    }

    // MARK: Properties

    private mutating func answerProperties(
        _ call: DBusCall, on object: BlueZObject
    ) throws(DBusError) -> [DBusValue] {
        guard let name = call.arguments.first?.text else { throw .unknownMethod(call) }
        guard let interface = object.interfaces.first(where: { $0.rawValue == name }),
            let properties = properties(of: interface, on: object)
        else { throw .noInterface(name) }
        if call.member == "GetAll" { return [.properties(properties)] }
        guard let property = call.arguments.dropFirst().first?.text else { throw .unknownMethod(call) }
        guard let current = properties[property] else { throw .noProperty(property) }
        if call.member == "Get" { return [.variant(current)] }
        guard let type = interface.writable[property] else { throw .readOnly(property) }
        // One layer only: a variant in a variant is another type.
        guard case .variant(let value)? = call.arguments.last, value.signature == type else {
            throw .invalidSignature(property)
        }
        if value == current { return [] }
        switch object {
        case .device(let path): setDevice(path, property, value)
        default: try setAdapter(property, value)
        }
        return []
    }

    private mutating func setDevice(_ path: String, _ property: String, _ value: DBusValue) {
        guard var device = devices[path] else { return }
        switch (property, value) {
        // An empty alias brings back the one that is made of the address.
        case ("Alias", .string("")): device.alias = device.address.split(separator: ":").joined(separator: "-")
        case ("Alias", .string(let alias)): device.alias = alias
        case ("Trusted", .boolean(let flag)): device.isTrusted = flag
        case ("Blocked", .boolean(let flag)): device.isBlocked = flag
        default: return
        }
        devices[path] = device
        let properties = device.properties(signalStrength: configuration.signalStrength)
        changed(path, BlueZInterface.device.rawValue, properties.filter { $0.key == property })
    }

    // MARK: Agents

    private static let capabilities = [
        "", "DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay",
    ]

    private mutating func answerAgentManager(_ call: DBusCall) throws(DBusError) -> [DBusValue] {
        guard let path = call.arguments.first?.text else { throw .invalidArguments }
        switch call.member {
        case "RegisterAgent":
            guard agents[call.sender] == nil else { throw .alreadyExists }
            guard let capability = call.arguments.last?.text, Self.capabilities.contains(capability) else {
                throw .invalidArguments
            }
            agents[call.sender] = Agent(path: path)
        case "UnregisterAgent":
            guard agents[call.sender]?.path == path else { throw .doesNotExist }
            agents[call.sender] = nil
        default:
            guard agents[call.sender]?.path == path else { throw .doesNotExist }
            for client in agents.keys { agents[client]?.isDefault = client == call.sender }
        }
        return []
    }

    // MARK: Devices

    private mutating func answerDevice(_ call: DBusCall) throws(DBusError) -> [DBusValue] {
        switch call.member {
        case "Connect", "ConnectProfile", "Pair":
            guard isPowered else { throw .notReady }
            // What the kernel reports when the other side does not take connections, as an advertiser of service data.
            throw .failed("le-connection-abort-by-local")
        case "CancelPairing": throw .doesNotExist
        default: throw .notConnected
        }
    }
}
