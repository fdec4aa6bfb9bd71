import EasySetupFleet

/// The results of worlds of fleets with one kind of trouble.
package struct FleetTally: Sendable {
    package var worlds = 0
    package var pairs = 0
    package var paired = 0
    /// Pairs of worlds without strangers, and those of them that finished with the first code, which was typed once.
    package var (undisturbed, atOnce) = (0, 0)
    /// Codes that devices of these worlds showed in place of another one in the same act.
    package var replaced = 0
    package var restarts = 0
    /// Messages that relays said to each other, rooms that one took over from another, and relays that found that they
    /// had slept.
    package var messages = 0
    package var takeovers = 0
    package var sleeps = 0

    package init() {}

    package init(_ world: World) {
        worlds = 1
        pairs = world.users.count
        paired = world.users.count { $0.pairedAt != nil }
        if world.strangers.isEmpty {
            undisturbed = pairs
            atOnce = world.users.count { user in
                user.pairedAt != nil && user.offers == 1 && user.visits == 1 && user.offerer.shown.count == 1
            }
            replaced = world.users.reduce(0) { $0 + $1.offerer.acts.reduce(0) { $0 + max(0, $1.codes - 1) } }
        }
        for relay in world.fleet?.relays ?? [] {
            restarts += relay.restarts
            messages += relay.counts.published
            takeovers += relay.counts.takeovers
            sleeps += relay.counts.sleeps
        }
    }

    package static func += (all: inout FleetTally, one: FleetTally) {
        all.worlds += one.worlds
        all.pairs += one.pairs
        all.paired += one.paired
        all.undisturbed += one.undisturbed
        all.atOnce += one.atOnce
        all.replaced += one.replaced
        all.restarts += one.restarts
        all.messages += one.messages
        all.takeovers += one.takeovers
        all.sleeps += one.sleeps
    }

    /// The share of pairs that finished with the first code, typed once, in per mille.
    private var share: Int { undisturbed == 0 ? 0 : atOnce * 1000 / undisturbed }

    package func line(_ name: String) -> String {
        let columns = [
            "\(worlds) worlds", "\(paired) of \(pairs) pairs",
            "without strangers \(share / 10).\(share % 10) % at once", "\(replaced) codes replaced",
            "\(restarts) restarts", "\(takeovers) rooms taken over", "\(sleeps) sleeps", "\(messages) messages",
        ]
        return "\(name): \(columns.joined(separator: ", "))"
    }
}
