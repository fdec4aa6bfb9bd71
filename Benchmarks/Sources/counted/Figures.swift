import EasySetupRelay
import EasySetupRelayProtocol
import Glibc

/// A kind of work of a relay, which is repeated.
enum Work {
    /// Whole pairings of recorded frames, one after the other, made by the program `bench`.
    case pairings(bench: String)
    /// Messages that two devices of one meeting send each other.
    case messages

    /// Starts the work at a relay, or at two of which each has one device. The returned closure waits for its end, and
    /// throws unless all of it succeeded.
    func start(_ count: Int, at relays: [CountedRelay]) throws(CountError) -> () throws(CountError) -> Void {
        switch self {
        case .pairings(let bench):
            let client = try Child([bench, "--port"] + relays.map { "\($0.port)" } + ["--count", "\(count)"])
            return { () throws(CountError) in try client.end() }
        case .messages:
            let conversation = try Conversation(offererPort: relays[0].port, visitorPort: relays[relays.count - 1].port)
            try conversation.exchange(count / 2)
            return { withExtendedLifetime(conversation) {} }
        }
    }

    /// The name in callgrind's files.
    var name: String {
        switch self {
        case .pairings: "pairings"
        case .messages: "messages"
        }
    }
}

/// One relay, or two of one fleet.
enum Layout: String {
    case alone, across

    /// The relays, each with its own command.
    func start(_ command: (Int) -> [String]) throws -> [CountedRelay] {
        switch self {
        case .alone: return [try CountedRelay(command(0))]
        case .across:
            let redis = try CountedRedis()
            let relays = try (0..<2).map { try CountedRelay(command($0), redis: redis) }
            try CountedRelay.waitForFleet(relays)
            return relays
        }
    }
}

/// The relays' instructions, counted by callgrind, without those of the kernel.
struct Instructions {
    /// The program without debug information.
    let program: String
    /// The folder for callgrind's files.
    let folder: String

    /// The instructions for one unit of work, from the difference between `many` and `few`.
    func each(_ work: Work, _ layout: Layout = .alone, few: Int, many: Int) throws -> Double {
        // All relays run at the same time, because no count depends on their speed.
        let runs = try [few, many].map { count in
            (count: count, relays: try layout.start { command(profile(work, layout, count, relay: $0)) })
        }
        let ends = try runs.map { count, relays in try work.start(count, at: relays) }
        for end in ends { try end() }
        for (_, relays) in runs { for relay in relays { try relay.end() } }
        let totals = try runs.map { count, relays in
            try relays.indices.reduce(0) { $0 + (try total(profile(work, layout, count, relay: $1))) }
        }
        return Double(totals[1] - totals[0]) / Double(many - few)
    }

    private func command(_ profile: String) -> [String] {
        [
            "valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=\(profile)", "--log-file=\(profile).log",
            program,
        ]
    }

    private func profile(_ work: Work, _ layout: Layout, _ count: Int, relay: Int) -> String {
        let place = layout == .alone ? "" : "-across.\(relay)"
        return "\(folder)/callgrind.\(count)-\(work.name)\(place)"
    }

    /// The line `totals: N` of callgrind's file.
    private func total(_ name: String) throws(CountError) -> Int {
        guard let file = fopen(name, "r") else { throw .noTotal(name) }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 4096)
        while fgets(&text, Int32(text.count), file) != nil {
            let line = String(decoding: text.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if line.hasPrefix("totals: "), let total = Int(line.dropFirst(8)) { return total }
        }
        throw .noTotal(name)
    }
}

/// The number of the relays' calls of malloc.
struct Allocations {
    let program: String

    /// The allocations for one unit of work, from the difference between `many` and `few`, after a warm-up.
    func each(_ work: Work, _ layout: Layout = .alone, few: Int, many: Int) throws -> Double {
        let relays = try layout.start { _ in [program] }
        let counts = try [few, few, many].map { count in
            try work.start(count, at: relays)()
            return try relays.reduce(0) { $0 + (try $1.counts().allocations) }
        }
        return Double((counts[2] - counts[1]) - (counts[1] - counts[0])) / Double(many - few)
    }
}

/// Devices that show a code and wait: each with an open WebSocket and a room at the relay.
struct WaitingDevices {
    let program: String
    /// The certificate; nil for plain TCP.
    let certificate: CertificateFiles?

    private static let few = 200
    private static let many = 1_200

    /// The memory of one device, on the relay's heap and as resident memory.
    func bytes() throws -> (heap: Double, resident: Double) {
        let relay = try CountedRelay([program], certificate: certificate)
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
        let tls = certificate.map { _ in ClientTLS() }
        return try (0..<count).map { _ in
            let device = try Device(port: relay.port, tls: tls)
            try device.say(.offer(slotLength: 0, work: nil))
            guard case .offered = try device.hear() else { throw CountError.unexpected("no slot") }
            return device
        }
    }
}
