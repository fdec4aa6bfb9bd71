/// The names of keys and channels in Redis. What is in braces decides about the place in a cluster, so that a script may
/// have both keys of a room.
enum RedisKeys {
    /// The key whose change says that data were lost.
    static let epoch = "es1:since"
    static let all = Array("es1:all".utf8)

    static func slot(_ room: RoomName) -> [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(begin.count + 4 * RoomName.byteCount + 2)
        key += begin
        Hex.append(room.slot, to: &key)
        key.append(UInt8(ascii: "}"))
        return key
    }

    /// The key of a room without a slot.
    static func room(_ room: RoomName) -> [UInt8] {
        var key = slot(room)
        key.append(UInt8(ascii: ":"))
        Hex.append(room.offer, to: &key)
        return key
    }

    static func channel(_ channel: FleetChannel) -> [UInt8] {
        guard case .run(let run) = channel else { return all }
        var name: [UInt8] = []
        name.reserveCapacity(to.count + 2 * RunID.byteCount)
        name += to
        Hex.append(run.number, to: &name)
        return name
    }

    private static let begin = Array("es1:{".utf8)
    private static let to = Array("es1:to:".utf8)
}
