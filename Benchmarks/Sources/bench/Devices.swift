import EasySetupHandshake
import EasySetupSeed

/// The computation of two devices for one pairing, without a network: the code, both proofs, the sealed (encrypted)
/// seed, and the user ID on both sides. All secrets are in locked memory, as in a real device.
struct Devices {
    /// The CPU time of the offerers of all pairings, in seconds.
    private(set) var offerer = 0.0
    private(set) var visitor = 0.0
    private(set) var pairings = 0

    /// The offerer's CPU time for one pairing, in milliseconds.
    var offererCost: Double { offerer * 1e3 / Double(max(1, pairings)) }
    var visitorCost: Double { visitor * 1e3 / Double(max(1, pairings)) }
    var cost: Double { offererCost + visitorCost }

    /// Pairs two devices again and again: a holder that shows a code, and a receiver that types it.
    static func measure(seconds: Double) throws -> Devices {
        let seed = SyncSeed.random()
        var warmUp = Devices()
        for _ in 0..<20 { try warmUp.pair(giving: seed) }
        var devices = Devices()
        let clock = StopWatch()
        while clock.seconds < seconds { try devices.pair(giving: seed) }
        return devices
    }

    private mutating func pair(giving seed: SyncSeed) throws {
        var lap = ownNanoseconds()
        func passed() -> Double {
            let now = ownNanoseconds()
            defer { lap = now }
            return Double(now - lap) / 1e9
        }
        let meeting = [UInt8](repeating: 7, count: 16)
        guard let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false),
            let name = DeviceName(cleaning: "a device")
        else { throw Unexpected() }

        let code = try PairingCode.draw(slot: "K7Q") { SecretBytes.random(count: PairingCode.secretLength) }
        var offering = try OffererHandshake(
            code: code,
            link: PairingLink(relay: relay, slot: code.slot, secret: .random(count: 16)),
            device: Device(name: name, platform: .linux, role: .holder),
            expiry: .seconds(600)
        )
        let shown = code.revealed()
        offerer += passed()

        var visiting = try VisitorHandshake(
            .code(PairingCode(typed: shown)),
            device: Device(name: name, platform: .linux, role: .receiver)
        )
        let hello = try visiting.begin(meeting: meeting, entropy: .system)
        visitor += passed()

        try offering.visitorCame(meeting: meeting)
        let reply = try Self.sent(offering.receive(hello, number: 1, meeting: meeting, now: .zero, entropy: .system))
        offerer += passed()

        let proof = try Self.sent(visiting.receive(reply, number: 1))
        visitor += passed()

        let answer = try Self.sent(offering.receive(proof, number: 2, meeting: meeting, now: .zero, entropy: .system))
        let package = try offering.give(
            seed: seed.withBytes { SecretBytes(copying: $0) },
            createdAt: seed.createdAt,
            userID: seed.userID.bytes
        )
        offerer += passed()

        guard case .proven = try visiting.receive(answer, number: 2),
            case .seed(let received) = try visiting.receive(package, number: 3)
        else { throw Unexpected() }
        let stored = try SyncSeed(bytes: received.take())
        let receipt = try visiting.stored(userID: stored.userID.bytes)
        visitor += passed()

        guard case .confirmed = try offering.receive(receipt, number: 3, meeting: meeting, now: .zero, entropy: .system)
        else { throw Unexpected() }
        offerer += passed()
        pairings += 1
    }

    private static func sent(_ received: consuming Received) throws -> [UInt8] {
        switch received {
        case .prove(let body): body
        case .proven(_, let body?): body
        default: throw Unexpected()
        }
    }

    /// The error for a step whose result an honest pairing never has.
    private struct Unexpected: Error {}
}
