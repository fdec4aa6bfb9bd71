/// What came of many pairings, for people.
struct FleetSummary {
    let outcomes: [FleetPairing.Outcome]

    init(_ outcomes: [FleetPairing.Outcome]) { self.outcomes = outcomes }

    var paired: Int { outcomes.count(where: \.isPaired) }
    /// The fresh codes that offerers showed.
    var replaced: Int { outcomes.reduce(0) { $0 + max(0, $1.codes - 1) } }
    var untrue: Int { outcomes.reduce(0) { $0 + $1.untrue } }
    var reconnecting: Int { outcomes.reduce(0) { $0 + $1.reconnecting } }

    /// The time of the pairing that is not faster than this part of all.
    func time(_ part: Double) -> Duration {
        let times = outcomes.map(\.time).sorted()
        return times.isEmpty ? .zero : times[min(times.count - 1, Int(Double(times.count) * part))]
    }

    var text: String {
        let errors = Dictionary(grouping: outcomes.flatMap(\.errors)) { $0 }.mapValues(\.count)
            .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return """
            \(paired) of \(outcomes.count) paired; \(replaced) codes replaced; reconnected \(reconnecting) times; \
            errors read: \(errors.isEmpty ? "none" : errors), of them untrue: \(untrue); \
            beside the users' own time half took at most \(Self.seconds(time(0.5))), 95 of 100 at most \
            \(Self.seconds(time(0.95))), all at most \(Self.seconds(time(1)))
            """
    }

    static func seconds(_ time: Duration) -> String {
        let tenths = Int((time / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
