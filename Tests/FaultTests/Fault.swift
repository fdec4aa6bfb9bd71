/// The direction of bytes.
enum Direction: Int, CaseIterable, Hashable, Sendable {
    /// From the device to the relay.
    case up
    /// From the relay to the device.
    case down

    var opposite: Direction { self == .up ? .down : .up }
    var arrow: String { self == .up ? "↑" : "↓" }
}

/// The place of a fault in a device's first connection.
enum Boundary: Hashable, Sendable {
    /// The device's connection was accepted, but none to the relay was made yet.
    case connecting
    /// The unit with this number, from 0, in this direction: the upgrade, then WebSocket frames; with TLS the records.
    case unit(Direction, Int)
}

/// The place within a unit.
enum Spot: String, CaseIterable, Hashable, Sendable {
    case before, middle, after
}

/// A fault that happens once. Afterwards the network works without faults.
enum Fault: Hashable, Sendable {
    enum Cut: String, Hashable, Sendable { case reset = "RST", finish = "FIN" }

    /// The part of a frame, or of a record, in which a bit flips.
    enum Part: String, CaseIterable, Hashable, Sendable { case payload, tag, length, opcode }

    /// The connection ends on both sides.
    case cut(Cut, Spot)
    /// No more bytes are passed on, and neither side is told: the connection to the relay stays open.
    case stall(Spot)
    /// No more bytes are passed on in one direction.
    case stallOneWay(Spot)
    /// The unit is passed on byte by byte.
    case trickle
    /// One bit of the unit is flipped.
    case corrupt(Part)
    /// The test's own action happens: the relay is killed.
    case strike(Spot)

    var name: String {
        switch self {
        case .cut(let cut, let spot): "\(cut.rawValue) \(spot.rawValue)"
        case .stall(let spot): "stall \(spot.rawValue)"
        case .stallOneWay(let spot): "½stall \(spot.rawValue)"
        case .trickle: "trickle"
        case .corrupt(let part): "bit in \(part.rawValue)"
        case .strike(let spot): "kill \(spot.rawValue)"
        }
    }

    var isCorruption: Bool { if case .corrupt = self { true } else { false } }

    /// Whether the fault is possible before there is a unit.
    var fitsConnecting: Bool {
        switch self {
        case .cut(_, .before), .stall(.before), .strike(.before): true
        default: false
        }
    }
}
