/// A device of a chain, as its record in the chain says.
public struct ChainDevice: Hashable, Sendable {
    /// The device's id.
    public let id: DeviceID
    /// The name that its person gave it.
    public let name: String
    /// Its system, such as `Linux`.
    public let platform: String
    /// Whether it has the seed, and so may do everything.
    public private(set) var hasSeed: Bool
    /// The day on which it was seen last, in days since 1970, by its own date.
    public let lastSeen: Int
    /// The certificate of a device without the seed; empty for others.
    package let certificate: [UInt8]
    /// The keys that the device was given in boxes that it can't open.
    private(set) var unopened: [UnopenedBox] = []

    package init(id: DeviceID, name: String, platform: String, hasSeed: Bool, lastSeen: Int, certificate: [UInt8]) {
        self.id = id
        self.name = name
        self.platform = platform
        self.hasSeed = hasSeed
        self.lastSeen = lastSeen
        self.certificate = certificate
    }

    /// The same device, whatever its record says of the seed.
    func withSeed(_ hasSeed: Bool) -> ChainDevice {
        var device = self
        device.hasSeed = hasSeed
        return device
    }

    /// Reads a device's record; nil if it is none.
    package init?(_ object: String, _ attributes: [String: [UInt8]]) {
        guard let id = DeviceID(text: object), let name = attributes["name"] else { return nil }
        self.id = id
        self.name = String(decoding: name, as: UTF8.self)
        platform = String(decoding: attributes["platform"] ?? [], as: UTF8.self)
        hasSeed = attributes["tier"] == Array("1".utf8)
        lastSeen = Int(String(decoding: attributes["seen"] ?? [], as: UTF8.self)) ?? 0
        certificate = attributes["certificate"] ?? []
        unopened = UnopenedBox.read(attributes[UnopenedBox.attribute] ?? [])
    }

    /// The attributes of the device's record.
    package var attributes: [String: [UInt8]] {
        [
            "name": Array(name.utf8), "platform": Array(platform.utf8), "tier": Array((hasSeed ? "1" : "2").utf8),
            "seen": Array(String(lastSeen).utf8), "certificate": certificate,
        ]
    }
}
