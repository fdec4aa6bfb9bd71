/// Which way bytes go.
enum Direction: Int, CaseIterable, Hashable, Sendable {
    /// From the device to the relay.
    case up
    /// From the relay to the device.
    case down

    var opposite: Direction { self == .up ? .down : .up }
    var arrow: String { self == .up ? "↑" : "↓" }
}

/// Where something goes wrong in a device's first connection.
enum Boundary: Hashable, Sendable {
    /// The device's connection was accepted, and none to the relay was made.
    case connecting
    /// At a unit of this direction, counted from 0: the upgrade, then WebSocket's frames; with TLS the records.
    case unit(Direction, Int)
}

/// Where at a unit.
enum Spot: String, CaseIterable, Hashable, Sendable {
    case before, middle, after
}

/// What goes wrong, once. Afterwards the network is as good as new.
enum Fault: Hashable, Sendable {
    enum Cut: String, Hashable, Sendable { case reset = "RST", finish = "FIN" }

    /// The part of a frame, or of a record, in which a bit flips.
    enum Part: String, CaseIterable, Hashable, Sendable { case payload, tag, length, opcode }

    /// The connection ends on both sides.
    case cut(Cut, Spot)
    /// Nothing goes through any more, and nobody is told: the relay's half stays open for good.
    case stall(Spot)
    /// The same in one direction alone.
    case stallOneWay(Spot)
    /// The unit goes a byte at a time.
    case trickle
    /// A bit of it flips.
    case corrupt(Part)
    /// Something else happens then: the relay is killed.
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

    /// Whether it makes sense where there is no unit yet.
    var fitsConnecting: Bool {
        switch self {
        case .cut(_, .before), .stall(.before), .strike(.before): true
        default: false
        }
    }
}
