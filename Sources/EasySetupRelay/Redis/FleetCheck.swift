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
        let looks = await withTaskGroup { group in
            for (number, address) in redis.addresses.enumerated() {
                let tls = address.isTLS ? redis.tls : nil
                group.addTask { (number, await Self.look(at: address, tls, listening)) }
            }
            var looks = [(findings: [RelayFinding], messages: [[UInt8]])](
                repeating: ([], []),
                count: redis.addresses.count
            )
            for await (number, look) in group { looks[number] = look }
            return looks
        }
        // A relay is heard at each of several servers.
        var heard = HeardRelays(keys: fleetKeys)
        for message in looks.flatMap(\.messages) { heard.add(message) }
        return looks.flatMap(\.findings) + heard.findings
    }

    /// The findings about a server or a group of servers, and what was said there to all relays.
    private static func look(
        at address: RedisAddress,
        _ tls: NIOSSLContext?,
        _ time: Duration
    ) async -> (findings: [RelayFinding], messages: [[UInt8]]) {
        var found: [RelayFinding] = []
        let place: RedisPlace?
        switch address.location {
        case .server(let server): place = server
        case .sentinels(let sentinels, let master):
            let answers = await ask(sentinels, Array(master.utf8), tls)
            place = mostNamed(answers)
            found += findings(ofSentinels: zip(sentinels, answers).filter { $1 == nil }.map(\.0), of: sentinels)
        }
        guard let place else { return (found + [.away(address, .noSentinel)], []) }
        let look = await look(at: place, of: address, tls, time)
        return (found + look.findings, look.messages)
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

    private static func findings(ofSentinels missing: [RedisPlace], of all: [RedisPlace]) -> [RelayFinding] {
        guard !missing.isEmpty, missing.count < all.count else { return [] }
        return [
            RelayFinding(
                .warning,
                .fleetSentinels,
                "\(missing.count) of \(all.count) sentinels do not say where the master is: \(missing.map(\.description).joined(separator: ", ")).",
                "See that they run, that this machine reaches them, and that they know the group by this name."
            )
        ]
    }

    // MARK: - The server

    private static func look(
        at place: RedisPlace,
        of address: RedisAddress,
        _ tls: NIOSSLContext?,
        _ time: Duration
    ) async -> (findings: [RelayFinding], messages: [[UInt8]]) {
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
        return (RelayFinding.ofRedis(facts, address, at: place), messages)
    }

    /// The keys of the key file; nil if the file is not there, so that the relay would make one.
    private var fleetKeys: FleetKeys? {
        guard let keyFile, let keys = try? KeyFile.read(path: keyFile) else { return nil }
        return try? FleetKeys(current: keys.current, others: keys.others)
    }
}

/// The relays whose beats were heard.
private struct HeardRelays {
    private var opener: EnvelopeOpener?
    private var own: Set<RunID> = []
    private var strangers: Set<RunID> = []

    init(keys: FleetKeys?) {
        opener = keys.map { EnvelopeOpener(run: RunID(number: .random(in: .min ... .max)), keys: $0) }
    }

    mutating func add(_ message: [UInt8]) {
        guard let run = EnvelopeOpener.namedSender(of: message) else { return }
        do throws(EnvelopeError) {
            guard opener != nil else { throw .unknownKey }
            _ = try opener?.open(message, on: .all)
            own.insert(run)
        } catch {
            if error != .repeated { strangers.insert(run) }
        }
    }

    var findings: [RelayFinding] {
        let others = strangers.subtracting(own).count
        var found: [RelayFinding] = []
        if others > 0 {
            found.append(
                RelayFinding(
                    .warning,
                    .fleetKeys,
                    "\(others == 1 ? "A relay is" : "\(others) relays are") heard and cannot be read: other keys, or another version.",
                    "Give all relays the same key file, and copy it from one that serves. Another fleet needs a Redis of its own."
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
        }
        return found
    }
}

extension RelayFinding {
    fileprivate static func away(_ address: RedisAddress, _ problem: StoreProblem) -> RelayFinding {
        let advice =
            switch problem {
            case .silent where address.isTLS: "See that it speaks TLS at this port; redis:// is without TLS."
            case .closed where !address.isTLS: "See whether it wants TLS, which is rediss://; its log may say more."
            case .closed, .silent: "Redis' log may say why."
            default: problem.advice
            }
        return RelayFinding(
            .warning,
            .fleetAway,
            "Redis at \(address) cannot be used: \(problem.words). Without Redis the relay serves alone.",
            advice
        )
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
                    "The user for Redis may not do what a relay has to do: \(facts.refused.joined(separator: ", ")).",
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
