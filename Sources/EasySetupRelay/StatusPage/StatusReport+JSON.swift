import EasySetupFleet
import EasySetupRelayCore
import EasySetupRelayProtocol

/// `/status.json` (`docs/status.md`).
extension StatusReport {
    var json: JSONValue {
        let members: [(String, JSONValue)] = [
            ("state", .text(state.rawValue)), ("title", .text(state.title)), ("sentence", .text(state.sentence)),
            ("notices", .list(notices.map(\.json))),
            ("taken", .count(Int(status.taken))), ("started", .count(Int(status.started))),
            ("uptime", .count(max(0, Int(status.taken - status.started)))),
            ("relay", relayJSON), ("now", nowJSON), ("hour", hourJSON), ("history", historyJSON),
        ]
        return .object(members + (status.hub.fleet.map { [("fleet", json(of: $0))] } ?? []))
    }

    private func json(of fleet: FleetStatus) -> JSONValue {
        let (counts, before) = (present.fleet, history.base.fleet)
        let grown = { (read: (FleetCounts) -> Int) in JSONValue.count(read(counts) - read(before)) }
        let mean = { (read: (StatusSample) -> TotalTime) in
            read(present).mean(since: read(history.base)).map { JSONValue.number($0) } ?? .null
        }
        return .object([
            ("state", .text(fleet.isJoined ? "joined" : "cut-off")),
            ("unchanged", .count(Int(fleet.unchanged / .seconds(1)))), ("relays", .count(fleet.others)),
            ("relays_unlike", .count(fleet.othersUnlike)), ("servers_lost", .count(fleet.serversLost)),
            ("rooms", .count(status.hub.statistics.rooms)), ("far_devices", .count(fleet.farDevices)),
            ("devices_elsewhere", .count(fleet.devicesElsewhere)), ("trunks", .count(fleet.trunks)),
            (
                "hour",
                .object([
                    ("published", grown(\.published)), ("unheard", grown(\.unheard)), ("heard", grown(\.heard)),
                    ("unreadable", grown(\.unreadable)), ("takeovers", grown(\.takeovers)),
                    ("broken_legs", grown(\.brokenLegs)), ("cuts", grown(\.cuts)),
                    ("directory_losses", grown(\.losses)), ("sleeps", grown(\.sleeps)), ("refused", grown(\.refused)),
                    ("too_fast", grown(\.tooFast)),
                    ("directory", mean(\.directory)), ("publish", mean(\.publishing)),
                ])
            ),
        ])
    }

    private var relayJSON: JSONValue {
        .object([
            ("version", .text(status.build.version)), ("protocol", .text(status.build.protocolName)),
            ("cores", .count(status.build.cores)), ("tls", .bool(status.build.isTLS)),
            ("certificate_expiry", .count(status.certificateExpiry.map(Int.init))),
            ("memory_ceiling", .count(status.memoryCeiling)), ("most_files", .count(status.process.mostFiles)),
        ])
    }

    private var nowJSON: JSONValue {
        let statistics = status.hub.statistics
        return .object([
            ("codes", .count(present.codes)), ("pairings", .count(present.pairings)),
            ("meetings", .count(statistics.meetings)), ("line", .count(statistics.waiting)),
            ("waiting", .count(present.webSocketDevices + present.longPollingDevices)),
            (
                "devices",
                .object([
                    ("websocket", .count(present.webSocketDevices)),
                    ("long-polling", .count(present.longPollingDevices)),
                ])
            ),
            ("roomless", .count(statistics.roomless)), ("connections", .count(present.connections)),
            ("fill", .object(status.hub.fill.map { ($0.limit, .number($0.ratio)) })),
            ("memory", .count(present.residentBytes)), ("open_files", .count(status.process.openFiles)),
            ("lag", .number(lastLag / .seconds(1))),
        ])
    }

    /// The worst lag since the sample before the last one: at least that of the last half minute.
    private var lastLag: Duration { max(present.lag.worst, history.samples.last?.lag.worst ?? .zero) }

    private var hourJSON: JSONValue {
        let (counts, before) = (present.counts, history.base.counts)
        let grown = { (read: (Counts) -> Int) in JSONValue.count(read(counts) - read(before)) }
        return .object([
            ("seconds", .count(Int((present.at - history.base.at) / .seconds(1)))),
            ("codes", grown { $0.codes }), ("seats", grown { $0.seats }),
            ("pairings", .grown(counts.pairings, before.pairings)),
            ("codes_ended", .grown(counts.unseated, before.unseated)),
            ("visits", grown { $0.visits }), ("misses", grown { $0.misses }),
            ("guesses", grown { $0.wrongProofs }), ("strangers", grown { $0.strangers }),
            ("work_asked", grown { $0.workAsked.sum }),
            ("turned_away", .count(present.turnedAway - history.base.turnedAway)),
            ("refusals", .grown(counts.refusals, before.refusals)),
            ("limit_hits", .grown(counts.limits, before.limits)),
            (
                "connection_failures",
                .object(
                    zip(status.hub.outcomes, history.base.outcomes).map { ($0.name, .count($0.count - $1)) }
                )
            ),
        ])
    }

    /// The samples and, as the last one, the present. Counts are those since the sample before.
    private var historyJSON: JSONValue {
        let samples = history.samples + [present]
        let pairs = Array(zip([history.base] + history.samples, samples))
        let column = { (read: (StatusSample) -> Int?) in JSONValue.list(samples.map { .count(read($0)) }) }
        let growth = { (read: (StatusSample) -> Int) in
            JSONValue.list(pairs.map { .count(read($1) - read($0)) })
        }
        return .object([
            ("interval", .count(Int(history.interval / .seconds(1)))),
            ("ago", column { Int((present.at - $0.at) / .seconds(1)) }),
            ("done", growth { $0.counts.pairings[.done] }),
            ("not_done", growth { $0.counts.pairings.sum - $0.counts.pairings[.done] }),
            ("codes", column(\.codes)), ("pairings", column(\.pairings)),
            ("websocket", column(\.webSocketDevices)), ("long_polling", column(\.longPollingDevices)),
            ("connections", column(\.connections)),
            ("turned_away", growth(\.turnedAway)), ("limit_hits", growth { $0.counts.limits.sum }),
            ("lag", .list(samples.map { .number($0.lag.worst / .seconds(1)) })),
            ("memory", column(\.residentBytes)),
        ])
    }
}

extension StatusNotice {
    fileprivate var json: JSONValue {
        .object([("name", .text(name)), ("text", .text(text)), ("advice", .text(advice))])
    }
}

extension JSONValue {
    /// By how much each count of a tally has grown.
    fileprivate static func grown<Name>(_ now: Tally<Name>, _ before: Tally<Name>) -> JSONValue {
        .object(zip(now.all, before.all).map { ($0.name, .count($0.count - $1.count)) })
    }
}
