import EasySetupRelayCore

/// Numbers that say by themselves whose business a connection is: in the lowest byte, the event loop that serves it, or that it
/// comes through calls, which any loop may bring.
extension ConnectionID {
    /// More loops than this have no number (`Protocol/operating.md`, "Cores").
    static let loops = 255
    private static let calls: UInt64 = 255

    /// A socket's connection, on the loop with this index.
    init(_ sequence: UInt64, loop: Int) {
        self.init(number: sequence << 8 | UInt64(loop))
    }

    /// A device's that comes through calls.
    init(callsAs sequence: UInt64) {
        self.init(number: sequence << 8 | Self.calls)
    }

    /// The index of the loop; nil for a device that comes through calls.
    var loop: Int? {
        let low = number & 0xFF
        return low == Self.calls ? nil : Int(low)
    }
}
