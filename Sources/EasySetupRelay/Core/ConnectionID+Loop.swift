import EasySetupRelayCore

/// The lowest byte of a connection's number is the index of the event loop that serves it, or 255 where no loop does: for
/// a long-polling session, whose requests may arrive on any loop, and for a device at another relay. The number of the
/// latter has the highest bit, too.
extension ConnectionID {
    /// The most event loops that a relay can have: their indices are 0 to 254 (`Protocol/operating.md`, "Cores").
    static let loops = 255
    private static let noLoop: UInt64 = 255
    private static let far: UInt64 = 1 << 63

    /// Makes the number of a connection on the loop with this index.
    init(_ sequence: UInt64, loop: Int) {
        self.init(number: sequence << 8 | UInt64(loop))
    }

    /// Makes the number of a long-polling session.
    init(callsAs sequence: UInt64) {
        self.init(number: sequence << 8 | Self.noLoop)
    }

    /// Makes the number of a device at another relay.
    init(farAs sequence: UInt64) {
        self.init(number: Self.far | sequence << 8 | Self.noLoop)
    }

    /// The index of the event loop that serves the connection; nil for a long-polling session, and for a device at
    /// another relay.
    var loop: Int? {
        let low = number & 0xFF
        return low == Self.noLoop ? nil : Int(low)
    }

    /// Whether the device is at another relay.
    var isFar: Bool { number & Self.far != 0 }
}
