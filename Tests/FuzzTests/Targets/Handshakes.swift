import EasySetupSeed
import SeededRandom
import Synchronization

@testable import EasySetupHandshake

/// A whole meeting in which one of the six messages is changed on its way: it must never end with a transferred seed.
///
/// The input selects the form, the roles, the message and the change.
@Sendable func handshake(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let flags = script.byte()
    var way = Way(number: 1 + script.number(below: 6), shift: UInt32(script.number(below: 3)), &script)
    let offererHolds = flags & 1 == 0
    let visitorHolds = flags & 2 == 0 ? !offererHolds : offererHolds
    let isLink = flags & 4 != 0
    let outcome = try? meet(offererHolds: offererHolds, visitorHolds: visitorHolds, isLink: isLink, &way)
    let canPair = offererHolds != visitorHolds && !(isLink && visitorHolds)
    try hold((outcome == .paired) == (canPair && !way.isChanged), "a meeting ended in \(String(describing: outcome))")
}

/// The network between the two.
private struct Way {
    let target: Int
    let shift: UInt32
    let tampering: Tampering
    var isChanged = false

    init(number: Int, shift: UInt32, _ script: inout Script) {
        target = number
        self.shift = shift
        tampering = Tampering(&script)
    }

    /// The message of this number as it arrives, and its number in its direction.
    mutating func carry(_ number: Int, _ body: [UInt8]) -> ([UInt8], UInt32) {
        let sent = UInt32((number + 1) / 2)
        guard number == target else { return (body, sent) }
        let arrived = tampering(body)
        isChanged = arrived != body || shift != 0
        return (arrived, sent + shift)
    }
}

private enum Outcome { case paired, mismatched }

private struct Unexpected: Error {}

private func meet(offererHolds: Bool, visitorHolds: Bool, isLink: Bool, _ way: inout Way) throws -> Outcome {
    let id = [UInt8](repeating: 7, count: 16)
    let entropy = Entropy.fixed(1)
    let code = try PairingCode(slot: "K7Q", random: entropy.bytes(5))
    let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
    let link = PairingLink(relay: relay, slot: "K7Q", secret: entropy.bytes(16))
    var offerer = try OffererHandshake(
        code: code,
        link: offererHolds ? link : nil,
        device: .sample(holds: offererHolds),
        expiry: .seconds(600)
    )
    var visitor = try VisitorHandshake(isLink ? .link(link) : .code(code), device: .sample(holds: visitorHolds))
    func toOfferer(_ number: Int, _ body: [UInt8]) throws -> Received {
        let (body, number) = way.carry(number, body)
        return try offerer.receive(body, number: number, meeting: id, now: .zero, entropy: entropy)
    }
    func toVisitor(_ number: Int, _ body: [UInt8]) throws -> Received {
        let (body, number) = way.carry(number, body)
        return try visitor.receive(body, number: number)
    }

    try offerer.visitorCame(meeting: id)
    guard case .prove(let reply) = try toOfferer(1, visitor.begin(meeting: id, entropy: entropy)),
        case .prove(let proof) = try toVisitor(2, reply)
    else { throw Unexpected() }
    let answer: [UInt8]
    switch try toOfferer(3, proof) {
    case .proven(_, let send?): answer = send
    case .mismatched: return .mismatched
    default: throw Unexpected()
    }
    guard case .proven = try toVisitor(4, answer) else { throw Unexpected() }
    let seed = SecretBytes(zeros: 32)
    if offererHolds {
        let package = try offerer.give(seed: seed, createdAt: 0, userID: [1])
        guard case .seed = try toVisitor(5, package), case .confirmed = try toOfferer(6, visitor.stored(userID: [1]))
        else { throw Unexpected() }
    } else {
        let package = try visitor.give(seed: seed, createdAt: 0, userID: [1])
        guard case .seed = try toOfferer(5, package), case .confirmed = try toVisitor(6, offerer.stored(userID: [1]))
        else { throw Unexpected() }
    }
    return .paired
}

extension Device {
    static func sample(holds: Bool) -> Device {
        Device(name: DeviceName(cleaning: "old laptop")!, platform: .linux, role: holds ? .holder : .receiver)
    }
}

extension Entropy {
    /// Entropy with fixed values, except for those that the library draws in encapsulation.
    static func fixed(_ seed: UInt64) -> Entropy {
        let generator = Mutex(SplitMix(state: seed))
        let draw: @Sendable (Int) -> [UInt8] = { count in
            generator.withLock { random in (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        }
        return Entropy(
            scalar: {
                var bytes = draw(32)
                // The scalar must be below the group's order.
                bytes[31] &= 0x0F
                return SecretBytes(wiping: &bytes)
            },
            bytes: { count in
                var bytes = draw(count)
                return SecretBytes(wiping: &bytes)
            },
            encapsulate: Entropy.system.encapsulate
        )
    }
}
