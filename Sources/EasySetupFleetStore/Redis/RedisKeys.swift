/// The names of keys and channels in Redis. What is in braces decides about the place in a cluster, so that a script may
/// have both keys of a room.
enum RedisKeys {
    /// The key whose change says that data were lost.
    static let epoch = "es1:since"
    static let all = Array("es1:all".utf8)

    static func slot(_ room: RoomName) -> [UInt8] { Array("es1:{\(Hex.text(room.slot))}".utf8) }

    /// The key of a room without a slot.
    static func room(_ room: RoomName) -> [UInt8] {
        Array("es1:{\(Hex.text(room.slot))}:\(Hex.text(room.offer))".utf8)
    }

    static func channel(_ channel: FleetChannel) -> [UInt8] {
        switch channel {
        case .run(let run): Array("es1:to:\(run)".utf8)
        case .all: all
        }
    }
}
