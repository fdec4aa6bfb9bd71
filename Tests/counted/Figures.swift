import Glibc
import RelayWire

/// Runs whole pairings of recorded frames one after the other, as `bench` makes them, and throws unless all succeed.
private func pair(_ bench: String, _ count: Int, at relay: CountedRelay) throws(CountError) {
    try Child([bench, "--port", "\(relay.port)", "--count", "\(count)"]).end()
}

/// Instructions of the relay, as callgrind counts them: those of the kernel are not among them.
struct Instructions {
    /// The program without debug information.
    let program: String
    let bench: String
    /// For what callgrind writes.
    let folder: String

    private static let few = 50
    private static let many = 250

    /// Of a whole pairing: two connections, upgrades, every frame, close.
    func perPairing() throws -> Double {
        // Both at the same time: nothing here depends on how fast it goes.
        let relays = try [Self.few, Self.many].map { (count: $0, relay: try start($0)) }
        let clients = try relays.map { count, relay in
            try Child([bench, "--port", "\(relay.port)", "--count", "\(count)"])
        }
        for client in clients { try client.end() }
        for (_, relay) in relays { try relay.end() }
        return Double(try total(Self.many) - total(Self.few)) / Double(Self.many - Self.few)
    }

    private func start(_ count: Int) throws(CountError) -> CountedRelay {
        try CountedRelay([
            "valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=\(profile(count))",
            "--log-file=\(profile(count)).log", program,
        ])
    }

    private func profile(_ count: Int) -> String { "\(folder)/callgrind.\(count)-pairings" }

    /// The line `totals: N` of what callgrind wrote.
    private func total(_ count: Int) throws(CountError) -> Int {
        guard let file = fopen(profile(count), "r") else { throw .noTotal(profile(count)) }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 4096)
        while fgets(&text, Int32(text.count), file) != nil {
            let line = String(decoding: text.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if line.hasPrefix("totals: "), let total = Int(line.dropFirst(8)) { return total }
        }
        throw .noTotal(profile(count))
    }
}

/// How often the relay asks malloc for memory.
struct Allocations {
    let program: String

    /// For a whole pairing: two connections, upgrades, every frame, close.
    func perPairing(bench: String) throws -> Double {
        let relay = try CountedRelay([program])
        let count = 200
        try pair(bench, 100, at: relay)
        let before = try relay.counts()
        try pair(bench, count, at: relay)
        return Double(try relay.counts().allocations - before.allocations) / Double(count)
    }

    /// For one message that it passes on, which acknowledges the one before.
    func perMessage() throws -> Double {
        let relay = try CountedRelay([program])
        let conversation = try Conversation(port: relay.port)
        let count = 500
        try conversation.exchange(100)
        let before = try relay.counts()
        try conversation.exchange(count)
        return Double(try relay.counts().allocations - before.allocations) / Double(2 * count)
    }
}

/// Devices that show a code and wait: each an open WebSocket with a room at the relay.
struct WaitingDevices {
    let program: String

    private static let few = 200
    private static let many = 1_200

    /// For each of them, on the relay's heap, and as the system sees it.
    func bytes() throws -> (heap: Double, resident: Double) {
        let relay = try CountedRelay([program])
        var devices = try crowd(Self.few, at: relay)
        let (before, residentBefore) = (try relay.counts(), try relay.resident())
        devices += try crowd(Self.many - Self.few, at: relay)
        let (after, residentAfter) = (try relay.counts(), try relay.resident())
        let count = Double(Self.many - Self.few)
        return withExtendedLifetime(devices) {
            (Double(after.live - before.live) / count, Double(residentAfter - residentBefore) / count)
        }
    }

    private func crowd(_ count: Int, at relay: CountedRelay) throws -> [Device] {
        try (0..<count).map { _ in
            let device = try Device(port: relay.port)
            try device.say(.offer(slotLength: 0, work: nil))
            guard case .offered = try device.hear() else { throw CountError.unexpected("no slot") }
            return device
        }
    }
}
