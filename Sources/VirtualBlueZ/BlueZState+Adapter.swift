extension BlueZState {
    /// The class of device while the adapter is on: a computer (Assigned Numbers, §2.8).
    private static let computerClass: UInt32 = 0x00_0104

    /// All properties of `org.bluez.Adapter1`.
    var adapterProperties: [String: DBusValue] {
        [
            "Address": .string(configuration.address),
            "AddressType": .string("public"),
            "Alias": .string(alias),
            "Class": .uint32(isPowered ? Self.computerClass : 0),
            "Discoverable": .boolean(isDiscoverable),
            "DiscoverableTimeout": .uint32(discoverableTimeout),
            "Discovering": .boolean(!discovering.isEmpty),
            // The Linux Foundation, BlueZ, 5.66.
            "Modalias": .string("usb:v1D6Bp0246d0542"),
            "Name": .string(configuration.name),
            "Pairable": .boolean(isPairable),
            "PairableTimeout": .uint32(pairableTimeout),
            "Powered": .boolean(isPowered),
            // An observer and no more: what BlueZ calls central.
            "Roles": .strings(["central"]),
            "UUIDs": .strings([BluetoothUUID.text(0x1800), BluetoothUUID.text(0x1801)]),
        ]
    }

    /// Tells everybody the present values of some properties of the adapter.
    private mutating func adapterChanged(_ names: [String]) {
        changed(
            Self.adapterPath, BlueZInterface.adapter.rawValue, adapterProperties.filter { names.contains($0.key) })
    }

    /// Gives a property another value, the type of which is right.
    mutating func setAdapter(_ property: String, _ value: DBusValue) throws(DBusError) {
        switch (property, value) {
        case ("Powered", .boolean(let powered)): return changePower(powered)
        case ("Alias", .string(let text)): alias = text.isEmpty ? configuration.name : text
        case ("Discoverable", .boolean(let flag)):
            // The kernel's answer, which BlueZ passes on.
            guard isPowered else { throw .failed("Not Powered") }
            isDiscoverable = flag
        case ("DiscoverableTimeout", .uint32(let seconds)): discoverableTimeout = seconds
        case ("Pairable", .boolean(let flag)): isPairable = flag
        case ("PairableTimeout", .uint32(let seconds)): pairableTimeout = seconds
        default: throw .invalidSignature(property)
        }
        adapterChanged([property])
    }

    /// Switches the adapter; off, all discovery ends and nothing remains of it.
    mutating func changePower(_ powered: Bool) {
        guard powered != isPowered else { return }
        var names = ["Powered", "Class"]
        if !powered {
            if isDiscoverable { names.append("Discoverable") }
            if !discovering.isEmpty { names.append("Discovering") }
            isDiscoverable = false
            discovering = []
            filters = [:]
            updateListening()
        }
        isPowered = powered
        adapterChanged(names)
    }

    /// Answers a call of the adapter's own methods.
    mutating func answerAdapter(_ call: DBusCall) throws(DBusError) -> [DBusValue] {
        switch call.member {
        case "GetDiscoveryFilters": return [.strings(DiscoveryFilter.names)]
        case "SetDiscoveryFilter":
            guard isPowered else { throw .notReady }
            guard let argument = call.arguments.first else { throw .invalidArguments }
            let filter = try DiscoveryFilter(argument)
            // An empty filter is none.
            filters[call.sender] = argument.dictionary?.isEmpty == true ? nil : filter
            updateListening()
        case "StartDiscovery":
            guard isPowered else { throw .notReady }
            guard !discovering.contains(call.sender) else { throw .inProgress }
            discovering.insert(call.sender)
            if discovering.count == 1 { adapterChanged(["Discovering"]) }
            updateListening()
        case "StopDiscovery":
            guard isPowered else { throw .notReady }
            guard discovering.contains(call.sender) else { throw .failed("No discovery started") }
            endDiscovery(of: call.sender)
        case "RemoveDevice":
            guard let path = call.arguments.first?.text, devices[path] != nil else { throw .doesNotExist }
            remove(path)
        default: throw .unknownMethod(call)
        }
        return []
    }
}
