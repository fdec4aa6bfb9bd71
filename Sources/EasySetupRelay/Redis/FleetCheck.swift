import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import NIOCore
import NIOSSL

extension RelayConfiguration {
    /// Everything that is found about the fleet over the network: whether Redis is there and lets a relay do its work,
    /// and which other relays are heard. It takes some seconds, and needs the files, about which
    /// ``findings(probesListen:probesAdmin:)`` tells. It registers nothing, and what it writes is gone after a second.
    /// - Parameter listening: how long it listens for other relays. Each says every two seconds that it is there.
    package func fleetFindings(listening: Duration = .milliseconds(2_500)) async -> [RelayFinding] {
        guard let fleet, keyFile != nil, let redis = try? fleet.load() else { return [] }
        let clock = clock ?? .system()
        let looks = await withTaskGroup { group in
            for (number, address) in redis.addresses.enumerated() {
                let tls = address.isTLS ? redis.tls : nil
                group.addTask { (number, await Self.look(at: address, tls, listening) { clock.now.utcSeconds }) }
            }
            var looks = [ServerLook](repeating: ServerLook(), count: redis.addresses.count)
            for await (number, look) in group { looks[number] = look }
            return looks
        }
        // A relay is heard at each of several servers.
        var heard = HeardRelays(keys: fleetKeys)
        for (address, look) in zip(redis.addresses, looks) {
            if let messages = look.messages { heard.add(messages, at: address) }
        }
        return looks.flatMap(\.findings) + heard.findings(hasListened: listening > .zero)
            + heard.findings(beside: CommonLimits(limits))
    }

    private struct ServerLook {
        var findings: [RelayFinding] = []
        /// The messages to all relays that were heard there; nil if the server can't be used.
        var messages: [[UInt8]]?
    }

    /// The findings about a server or a group of servers, and what was said there to all relays.
    private static func look(
        at address: RedisAddress,
        _ tls: NIOSSLContext?,
        _ time: Duration,
        _ now: () -> Int64
    ) async -> ServerLook {
        var found: [RelayFinding] = []
        let place: RedisPlace?
        switch address.location {
        case .server(let server): place = server
        case .sentinels(let sentinels, let master):
            let answers = await ask(sentinels, Array(master.utf8), tls)
            place = mostNamed(answers)
            let missing = zip(sentinels, answers).filter { $1 == nil }.map(\.0)
            found += findings(ofSentinels: missing, of: sentinels, master)
        }
        guard let place else { return ServerLook(findings: found + [.away(address, .noSentinel)]) }
        let look = await look(at: place, of: address, tls, time, now)
        return ServerLook(findings: found + look.findings, messages: look.messages)
    }

    // MARK: - Sentinels

    /// The place that each sentinel names as the master's; nil for one that names none.
    private static func ask(
        _ sentinels: [RedisPlace],
        _ master: [UInt8],
        _ tls: NIOSSLContext?
    ) async -> [RedisPlace?] {
        let question = SentinelMachine.question(master).encoded
        return await withTaskGroup { group in
            for (number, sentinel) in sentinels.enumerated() {
                group.addTask {
                    let look = await RedisLook.at(sentinel, tls: tls, saying: question, answers: 1)
                    return (number, look.values.first.flatMap(SentinelMachine.place(of:)))
                }
            }
            var places = [RedisPlace?](repeating: nil, count: sentinels.count)
            for await (number, place) in group { places[number] = place }
            return places
        }
    }

    /// The place that most sentinels name; the first of several.
    private static func mostNamed(_ answers: [RedisPlace?]) -> RedisPlace? {
        let named = answers.compactMap(\.self)
        let most = named.map { place in named.count { $0 == place } }.max()
        return named.first { place in named.count { $0 == place } == most }
    }

    private static func findings(
        ofSentinels missing: [RedisPlace],
        of all: [RedisPlace],
        _ master: String
    ) -> [RelayFinding] {
        guard !missing.isEmpty, missing.count < all.count else { return [] }
        return [
            RelayFinding(
                .warning,
                .fleetSentinels,
                "\(missing.count) of \(all.count) sentinels of \(master) do not say where the master is: \(missing.map(\.description).joined(separator: ", ")).",
                "See that they run, that this machine reaches them, and that they know the group by this name."
            )
        ]
    }

    // MARK: - The server

    private static func look(
        at place: RedisPlace,
        of address: RedisAddress,
        _ tls: NIOSSLContext?,
        _ time: Duration,
        _ now: () -> Int64
    ) async -> ServerLook {
        let bySentinels = if case .sentinels = address.location { true } else { false }
        var examination = RedisExamination(address.account, mustBeMaster: bySentinels)
        let look = await RedisLook.at(
            place,
            tls: tls,
            saying: examination.commands,
            answers: examination.answerCount,
            listening: TimeAmount(time)
        )
        let messages = look.values.compactMap { examination.received($0) }
        var facts = examination.facts
        if facts.problem == nil { facts.problem = look.problem }
        return ServerLook(
            findings: RelayFinding.ofRedis(facts, address, at: place) + RelayFinding.ofClock(facts, now(), at: place),
            messages: facts.problem == nil ? messages : nil
        )
    }

    /// The keys of the key file; nil if the file is not there, so that the relay would make one.
    private var fleetKeys: FleetKeys? {
        guard let keyFile, let keys = try? KeyFile.read(path: keyFile) else { return nil }
        return try? FleetKeys(current: keys.current, others: keys.others)
    }
}

private enum FleetCheck {
    /// By how many seconds the clocks of a relay and of a server may differ. Listening is among them.
    static let clockDifference: Int64 = 30
}

/// The relays whose beats were heard, and at which servers.
private struct HeardRelays {
    private var opener: EnvelopeOpener?
    /// The servers that can be used, by their addresses without passwords.
    private var servers: [String] = []
    private var own: [RunID: Set<String>] = [:]
    private var strangers: [RunID: Set<String>] = [:]
    private var limits: [RunID: CommonLimits] = [:]

    init(keys: FleetKeys?) {
        opener = keys.map { EnvelopeOpener(run: RunID(number: .random(in: .min ... .max)), keys: $0) }
    }

    mutating func add(_ messages: [[UInt8]], at address: RedisAddress) {
        let server = address.description
        servers.append(server)
        for message in messages {
            guard let run = EnvelopeOpener.namedSender(of: message) else { continue }
            do throws(EnvelopeError) {
                guard opener != nil else { throw .unknownKey }
                let content = try opener?.open(message, on: .all).content
                own[run, default: []].insert(server)
                if case .beat(let beat)? = content?.loose.first { limits[run] = beat.limits }
            } catch {
                // It was opened before, at another server.
                if error == .repeated {
                    own[run, default: []].insert(server)
                } else {
                    strangers[run, default: []].insert(server)
                }
            }
        }
    }

    /// The finding that relays have other limits than these.
    func findings(beside own: CommonLimits) -> [RelayFinding] {
        let unlike = limits.values.map { (limits: $0, places: own.places(differingFrom: $0)) }
            .filter { !$0.places.isEmpty }
        guard !unlike.isEmpty else { return [] }
        let differences = Set(unlike.flatMap(\.places)).sorted().map { place in
            let there = Set(unlike.compactMap { $0.places.contains(place) ? $0.limits.values[place] : nil }).sorted()
            return
                "\(CommonLimits.names[place]) is \(there.map(String.init).joined(separator: " or ")) there and \(own.values[place]) here"
        }
        return [
            RelayFinding(
                .warning,
                .fleetLimits,
                "\(unlike.count == 1 ? "A relay has" : "\(unlike.count) relays have") other limits: \(differences.joined(separator: "; ")).",
                "Give all relays the same limits: a room may go on at any of them, and addresses are counted by all together."
            )
        ]
    }

    func findings(hasListened: Bool) -> [RelayFinding] {
        let others = strangers.filter { own[$0.key] == nil }
        var found: [RelayFinding] = []
        if !others.isEmpty {
            let places = servers.filter { server in others.values.contains { $0.contains(server) } }
            found.append(
                RelayFinding(
                    .warning,
                    .fleetKeys,
                    "\(others.count == 1 ? "A relay is" : "\(others.count) relays are") heard at \(places.joined(separator: ", ")) and cannot be read: other keys, or another version.",
                    "Give all relays the same key file, and copy it from one that serves. Another fleet needs a Redis of its own."
                )
            )
        }
        for server in servers {
            let missing = own.values.count { !$0.contains(server) }
            guard missing > 0 else { continue }
            found.append(
                RelayFinding(
                    .warning,
                    .fleetServers,
                    "\(missing == 1 ? "A relay is" : "\(missing) relays are") heard at another server, and not at \(server).",
                    "Let all relays name the same servers, and see by the check at each of them that it reaches all."
                )
            )
        }
        if !own.isEmpty {
            found.append(
                RelayFinding(
                    .notice,
                    .fleetRelays,
                    "\(own.count == 1 ? "One relay" : "\(own.count) relays") with these keys can be heard.",
                    "The one that runs with these settings is among them."
                )
            )
        } else if hasListened, others.isEmpty, !servers.isEmpty {
            found.append(
                RelayFinding(
                    .notice,
                    .fleetRelays,
                    "No relay is heard at \(servers.joined(separator: ", ")).",
                    "The first of a fleet hears none. If others run, let them name the same servers."
                )
            )
        }
        return found
    }
}

extension RelayFinding {
    /// The finding that others may read the relay's private key for Redis.
    static func openKey(_ key: PathBytes, _ problem: RelayError.SecrecyProblem) -> RelayFinding {
        RelayFinding(
            .warning,
            .openFleetSecret,
            "The private key for Redis in \(key) is no secret: \(RelayError.KeyFileProblem.secrecy(problem).words).",
            "Let it belong to root or to the relay's user, and take the rights of others away: chmod 600 \(key)"
        )
    }

    fileprivate static func away(_ address: RedisAddress, _ problem: StoreProblem) -> RelayFinding {
        return RelayFinding(
            .warning,
            .fleetAway,
            "Redis at \(address) cannot be used: \(problem.words). A relay that has no Redis serves alone.",
            problem.advice(isTLS: address.isTLS)
        )
    }

    /// The finding that the clock of this machine, or that of the server, is wrong; none if the server does not tell.
    fileprivate static func ofClock(
        _ facts: RedisExamination.Facts,
        _ now: Int64,
        at place: RedisPlace
    ) -> [RelayFinding] {
        guard let time = facts.clock, abs(time - now) > FleetCheck.clockDifference else { return [] }
        return [
            RelayFinding(
                .warning,
                .fleetClock,
                "The clock of this machine is \(abs(time - now)) s \(now > time ? "ahead of" : "behind") that of Redis at \(place).",
                "Let the machines of all relays follow one time (NTP): a relay whose clock is wrong takes the tokens of devices for expired, or takes them for too long."
            )
        ]
    }

    /// The findings about a server, from what it has told.
    fileprivate static func ofRedis(
        _ facts: RedisExamination.Facts,
        _ address: RedisAddress,
        at place: RedisPlace
    ) -> [RelayFinding] {
        if let problem = facts.problem { return [.away(address, problem)] }
        var found: [RelayFinding] = []
        if !facts.refused.isEmpty {
            found.append(
                RelayFinding(
                    .warning,
                    .fleetRights,
                    "The user for Redis at \(place) may not do what a relay has to do: \(facts.refused.joined(separator: ", ")).",
                    StoreProblem.notPermitted.advice
                )
            )
        }
        if let version = facts.version, facts.isOld {
            found.append(
                RelayFinding(
                    .warning,
                    .fleetVersion,
                    "Redis at \(place) is \(version), and relays are tried with 7.0 and later.",
                    "Take a newer one, or Valkey."
                )
            )
        }
        if facts.isFull {
            found.append(
                RelayFinding(
                    .warning,
                    .fleetMemory,
                    "Redis at \(place) is full, and takes no rooms.",
                    "Raise its maxmemory, or see what else is kept there: a room takes some 200 bytes."
                )
            )
        }
        if facts.dropsKeys, let policy = facts.policy {
            let isBounded = facts.mostBytes.map { $0 > 0 } ?? true
            found.append(
                RelayFinding(
                    isBounded ? .warning : .notice,
                    .fleetMemory,
                    "Redis at \(place) throws rooms away when its memory is full (maxmemory-policy \(policy)).",
                    "Set maxmemory-policy noeviction: relays then know which rooms they could not register."
                )
            )
        }
        if !address.isTLS, address.account.password != nil, !place.isLoopback {
            found.append(
                RelayFinding(
                    .notice,
                    .fleetPlain,
                    "The password goes to Redis at \(place) without TLS.",
                    "Whoever can listen on the way has it: use rediss://, or a network of relays and Redis alone."
                )
            )
        }
        return found
    }
}

extension RedisPlace {
    fileprivate var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
