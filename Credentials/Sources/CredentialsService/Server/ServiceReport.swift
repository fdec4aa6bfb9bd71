import CredentialsCore
import EasySetupRelay
import EasySetupRelayProtocol

/// How the service does, and what to do where it does not do well: the content of the status page and of
/// `/status.json` (`docs/credentials.md`, "Status").
struct ServiceReport: Sendable {
    /// The words of the state.
    enum State: String, Sendable {
        case ready, full, failing, draining

        var title: String {
            switch self {
            case .ready: "Ready"
            case .full: "Full"
            case .failing: "A store fails"
            case .draining: "Draining"
            }
        }

        var sentence: String {
            switch self {
            case .ready: "It gives out credentials."
            case .full: "No node has a place for another chain. Chains that are known are served."
            case .failing: "In the last hour a store gave no credentials."
            case .draining: "It is about to stop, and answers calls until then."
            }
        }
    }

    /// Something that an operator should know. Those of the alerts in `ops/prometheus` have the same names.
    struct Notice: Sendable, Equatable {
        let name: String
        let text: String
        let advice: String
    }

    let summary: AccountSummary
    let history: ServiceHistory
    let hour: (seconds: Int, counts: ServiceCounts)
    let state: State
    let notices: [Notice]
    private let now: Int
    private let process: ProcessStatus

    init(
        _ summary: AccountSummary,
        _ history: ServiceHistory,
        isDraining: Bool,
        isReloadGood: Bool,
        now: Int,
        process: ProcessStatus
    ) {
        self.summary = summary
        self.history = history
        self.now = now
        self.process = process
        hour = history.lastHour(now: now)
        let refused = hour.counts.refused
        let failures = refused[.storeFailed] ?? 0
        state =
            isDraining ? .draining : failures > 0 ? .failing : summary.freePlaces == 0 ? .full : .ready
        var notices: [Notice] = []
        func tell(_ condition: Bool, _ name: String, _ text: String, _ advice: String) {
            if condition { notices.append(Notice(name: name, text: text, advice: advice)) }
        }
        tell(
            isDraining,
            "draining",
            "The service is about to stop.",
            "Nothing needs to be done. Devices ask again, and sessions that they have go on."
        )
        tell(
            failures > 0,
            "store-failed",
            "\(failures) calls of the last hour got no credentials from a store.",
            "The log has the store's answer. Run the program with --check, which tries each store."
        )
        tell(
            summary.freePlaces == 0,
            "full",
            "No node has a place for another chain.",
            "Add a node, or raise the capacity of one, and send SIGHUP."
        )
        tell(
            summary.freePlaces > 0 && summary.freePlaces * 10 < summary.places,
            "nearly-full",
            "\(summary.freePlaces) of \(summary.places) places for chains are free.",
            "Add a node, or raise the capacity of one, and send SIGHUP."
        )
        tell(
            !isReloadGood,
            "reload",
            "Not all settings could be used when they were read anew.",
            "What was in use stays in use. The log says what is wrong: mend it, and send SIGHUP again."
        )
        let busy = refused[.busy] ?? 0
        tell(
            busy > 0,
            "busy",
            "\(busy) calls of the last hour were refused because there was too much to do.",
            "Look at the log: the disk of the file of accounts is full or slow, or there are more nonces than --limit allows."
        )
        let misled = refused[.wrongHost] ?? 0
        tell(
            misled > 0,
            "wrong-host",
            "\(misled) calls of the last hour named another host.",
            "Is a name of the service missing among host in the settings?"
        )
        let limited = refused[.tooMany] ?? 0
        tell(
            limited > 100,
            "too-many",
            "\(limited) calls of the last hour were refused because an address or a chain asked too often.",
            "If all devices seem to have one address, name the proxy in front (trusted-proxy)."
        )
        tell(
            summary.silent > 0,
            "silent",
            "\(summary.silent) chains have asked for nothing for a year.",
            "Nothing needs to be done. Their records stay in the store until a member deletes them."
        )
        self.notices = notices
    }

    /// `/status.json`.
    var json: JSONValue {
        .object([
            ("state", .text(state.rawValue)), ("title", .text(state.title)), ("sentence", .text(state.sentence)),
            (
                "notices",
                .list(
                    notices.map {
                        .object([("name", .text($0.name)), ("text", .text($0.text)), ("advice", .text($0.advice))])
                    }
                )
            ),
            ("taken", .count(now)), ("started", .count(history.started)),
            ("uptime", .count(max(0, now - history.started))),
            (
                "service",
                .object([("version", .text(Release.version)), ("most_files", .count(process.mostFiles))])
            ),
            (
                "now",
                .object([
                    ("chains", .count(summary.accounts)), ("deleted", .count(summary.deleted)),
                    ("silent", .count(summary.silent)), ("full", .count(summary.full)),
                    ("objects", .count(summary.objects)), ("counted", .count(summary.counted)),
                    ("revocations", .count(summary.revocations)), ("invitations", .count(summary.invitations)),
                    ("nonces", .count(summary.nonces)), ("places", .count(summary.places)),
                    ("free_places", .count(summary.freePlaces)), ("memory", .count(process.residentBytes)),
                    ("open_files", .count(process.openFiles)),
                ])
            ),
            ("nodes", .list(summary.nodes.map(Self.json))),
            ("hour", Self.json(hour.counts, [("seconds", .count(hour.seconds))])),
            ("total", Self.json(history.counts)),
        ])
    }

    private static func json(_ node: Node) -> JSONValue {
        .object([
            ("name", .text(node.name)), ("state", .text(node.state)), ("capacity", .count(node.capacity)),
            ("load", .count(node.load)), ("available", .count(node.available)),
        ])
    }

    private static func json(_ counts: ServiceCounts, _ first: [(String, JSONValue)] = []) -> JSONValue {
        .object(
            first + [
                ("calls", .object(counts.done.sorted { $0.key < $1.key }.map { ($0.key, .count($0.value)) })),
                (
                    "refusals",
                    .object(
                        counts.refused.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                            ($0.key.rawValue, .count($0.value))
                        }
                    )
                ),
            ]
        )
    }
}

extension Node {
    /// The word that the settings have for its state.
    var state: String { isDowned ? "down" : isBackedOff ? "backoff" : "up" }
}

extension AccountSummary {
    /// The places of the nodes that are up.
    var places: Int { nodes.filter { $0.state == "up" }.reduce(0) { $0 + $1.capacity } }
    /// Those of them that no chain has, released or not.
    var freePlaces: Int { nodes.filter { $0.state == "up" }.reduce(0) { $0 + max(0, $1.capacity - $1.load) } }
}
