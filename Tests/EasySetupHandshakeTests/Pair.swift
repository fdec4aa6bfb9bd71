import EasySetupHandshake
import EasySetupSeed

/// Both devices of one meeting, connected without a network.
struct Pair: ~Copyable {
    static let meeting = [UInt8](repeating: 7, count: 16)
    static let slot = "K7Q"

    /// The offerer's code.
    let code: PairingCode
    let link: PairingLink
    var visitor: VisitorHandshake
    var offerer: OffererHandshake

    /// - Parameter wrongCode: whether the visitor uses the right slot with another secret.
    static func make(
        offererRole: Role = .holder,
        visitorRole: Role = .receiver,
        form: Form = .typed,
        wrongCode: Bool = false,
        offererSeed: SyncSeed? = nil,
        visitorSeed: SyncSeed? = nil,
        expiry: Duration = .seconds(600)
    ) throws -> Pair {
        let code = try PairingCode(slot: slot, random: bytes([1, 2, 3, 4, 5]))
        let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
        let link = PairingLink(relay: relay, slot: slot, secret: SecretBytes.random(count: 16))
        let visitor = try VisitorHandshake(
            wrongCode ? other(form) : invitation(form, code, link),
            device: device("new phone", visitorRole),
            seed: visitorSeed
        )
        let offerer = try OffererHandshake(
            code: code,
            link: offererRole == .holder ? link : nil,
            device: device("old laptop", offererRole),
            seed: offererSeed,
            expiry: expiry
        )
        return Pair(code: code, link: link, visitor: visitor, offerer: offerer)
    }

    /// The visitor's code or link, made by writing and reading the offerer's.
    static func invitation(_ form: Form, _ code: PairingCode, _ link: PairingLink) throws -> Invitation {
        switch form {
        case .typed: .code(try PairingCode(typed: code.revealed()))
        case .link: .link(try PairingLink(parsing: link.revealed()))
        }
    }

    /// A code or link with the right slot and a wrong secret.
    static func other(_ form: Form) throws -> Invitation {
        switch form {
        case .typed: return .code(try PairingCode(slot: slot, random: bytes([6, 7, 8, 9, 10])))
        case .link:
            let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
            return .link(PairingLink(relay: relay, slot: slot, secret: SecretBytes.random(count: 16)))
        }
    }

    mutating func toOfferer(
        _ body: [UInt8],
        number: UInt32,
        meeting: [UInt8] = meeting,
        now: Duration = .zero
    ) throws -> Received {
        try offerer.receive(body, number: number, meeting: meeting, now: now, entropy: .system)
    }

    /// Makes message 1, and announces the visitor to the offerer.
    mutating func hello() throws -> [UInt8] {
        let hello = try visitor.begin(meeting: Self.meeting, entropy: .system)
        try offerer.visitorCame(meeting: Self.meeting)
        return hello
    }

    /// Exchanges messages 1 and 2.
    mutating func reply() throws -> [UInt8] {
        try Self.sent(toOfferer(hello(), number: 1))
    }

    /// Exchanges messages 1 to 3; the last is the visitor's proof.
    mutating func proof() throws -> [UInt8] {
        let reply = try reply()
        return try Self.sent(visitor.receive(reply, number: 1))
    }

    /// Exchanges messages 1 to 4. Returns how each device sees the other.
    mutating func meet() throws -> (atOfferer: Peer, atVisitor: Peer) {
        guard case .proven(let atOfferer, let answer?) = try toOfferer(proof(), number: 2),
            case .proven(let atVisitor, nil) = try visitor.receive(answer, number: 2)
        else { throw Unexpected() }
        return (atOfferer, atVisitor)
    }

    /// The message that a step sends.
    static func sent(_ received: consuming Received) throws -> [UInt8] {
        guard case .prove(let body) = received else { throw Unexpected() }
        return body
    }
}

/// Runs messages 1 to 3 for another visitor of the same offer.
func proof(
    of visitor: inout VisitorHandshake,
    to offerer: inout OffererHandshake,
    meeting: [UInt8],
    now: Duration = .zero
) throws -> [UInt8] {
    let hello = try visitor.begin(meeting: meeting, entropy: .system)
    try offerer.visitorCame(meeting: meeting)
    let reply = try Pair.sent(
        offerer.receive(hello, number: 1, meeting: meeting, now: now, entropy: .system)
    )
    return try Pair.sent(visitor.receive(reply, number: 1))
}

/// A step had a result that the test does not expect.
struct Unexpected: Error {}

func device(_ name: String, _ role: Role) -> Device {
    Device(name: DeviceName(cleaning: name)!, platform: .linux, role: role)
}

func bytes(_ values: [UInt8]) -> SecretBytes {
    var values = values
    return SecretBytes(wiping: &values)
}

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
}

/// The handshake error of a step; nil if it succeeds.
func failure(of step: () throws -> Void) -> HandshakeError? {
    do {
        try step()
        return nil
    } catch {
        return error as? HandshakeError
    }
}
