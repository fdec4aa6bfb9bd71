import EasySetupRelayCore

/// The lowest byte of a connection's number is the index of the event loop that serves it, or 255 for a long-polling
/// session, whose requests may arrive on any loop.
extension ConnectionID {
    /// The most event loops that a relay can have: their indices are 0 to 254 (`Protocol/operating.md`, "Cores").
    static let loops = 255
    private static let calls: UInt64 = 255

    /// Makes the number of a connection on the loop with this index.
    init(_ sequence: UInt64, loop: Int) {
        self.init(number: sequence << 8 | UInt64(loop))
    }

    /// Makes the number of a long-polling session.
    init(callsAs sequence: UInt64) {
        self.init(number: sequence << 8 | Self.calls)
    }

    /// The index of the event loop that serves the connection; nil for a long-polling session.
    var loop: Int? {
        let low = number & 0xFF
        return low == Self.calls ? nil : Int(low)
    }
}
