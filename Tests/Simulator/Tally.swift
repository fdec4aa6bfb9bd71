import EasySetupPairingSession

/// The results of one world, or the sum of those of several worlds.
package struct Tally: Sendable, CustomStringConvertible {
    package var users = 0
    package var paired = 0
    package var offers = 0
    package var visits = 0
    package var codes = 0
    package var frames = 0
    package var restarts = 0
    package var forgets = 0
    package var guesses = 0
    package var wonGuesses = 0
    package var seedsWon = 0
    package var outcomes: [String: Int] = [:]

    package init() {}

    package init(_ world: World) {
        users = world.users.count
        paired = world.users.count { $0.pairedAt != nil }
        offers = world.users.reduce(0) { $0 + $1.offers }
        visits = world.users.reduce(0) { $0 + $1.visits }
        codes = world.codes.count
        frames = world.frames
        restarts = world.relays.reduce(0) { $0 + $1.restarts }
        forgets = world.relays.reduce(0) { $0 + $1.forgets }
        guesses = world.codes.reduce(0) { $0 + $1.guessesAgainstOfferer + $1.guessesAgainstVisitor }
        wonGuesses = world.wonGuesses
        seedsWon = world.seedsWon
        for device in world.users.flatMap({ [$0.offerer, $0.visitor] }) {
            for act in device.acts {
                let name =
                    switch act.outcome {
                    case .paired: "paired"
                    case .failed(let error): error.name
                    case nil: "nothing"
                    }
                outcomes[name, default: 0] += 1
            }
        }
    }

    package static func += (all: inout Tally, one: Tally) {
        all.users += one.users
        all.paired += one.paired
        all.offers += one.offers
        all.visits += one.visits
        all.codes += one.codes
        all.frames += one.frames
        all.restarts += one.restarts
        all.forgets += one.forgets
        all.guesses += one.guesses
        all.wonGuesses += one.wonGuesses
        all.seedsWon += one.seedsWon
        all.outcomes.merge(one.outcomes, uniquingKeysWith: +)
    }

    package var description: String {
        let outcomes = outcomes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return """
            \(users) pairs, \(paired) of them paired, by \(offers) offers with \(codes) codes and \(visits) visits
            \(frames) frames; \(restarts) restarts of relays, \(forgets) of them without the key
            \(guesses) wrong guesses, \(wonGuesses) right ones, \(seedsWon) seeds won by them
            ends of devices' acts: \(outcomes.joined(separator: ", "))
            """
    }
}

extension World {
    /// The results of this world.
    package var summary: String { "world \(seed)\(kind.map { ", \($0.rawValue)" } ?? "")\n\(Tally(self))" }
}
