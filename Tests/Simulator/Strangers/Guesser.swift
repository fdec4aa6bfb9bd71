package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that visits active slots and makes one guess at each visit, again and again.
package final class Guesser: Outsider {
    /// The probability that a guess is right is 1/`luck`.
    private let luck: Int
    private let pace: Duration
    private var guess: Guess?
    /// The number of guesses that it has made.
    package private(set) var made = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, luck: Int, pace: Duration) {
        self.luck = luck
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { next() }

    private func next() {
        after(pace) { [unowned self] in
            guard let code = findCode() else { return next() }
            guess = Guess(at: code, knows: random.once(in: luck), in: world, &random)
            connect()
        }
    }

    package override func isConnected() {
        if let slot = guess.flatMap({ Slot($0.code.slot) }) { say(.visit(slot: slot, work: nil)) }
    }

    package override func hears(_ frame: RelayFrame) {
        guard let guess else { return }
        switch frame {
        case .met(let meeting, _, _):
            if let hello = guess.hello(meeting) { say(.message(meeting: nil, hello)) }
        case .message(nil, let message):
            let wasMade = guess.isMade
            for answer in guess.answer(message) { say(.message(meeting: nil, answer)) }
            if guess.isMade, !wasMade { made += 1 }
        case .over(_, let reason): guess.ended(reason)
        // This kind of stranger does no work; other kinds do.
        case .workWanted: hangUpAndGoOn()
        default: break
        }
    }

    package override func isLost() {
        guess = nil
        next()
    }

    private func hangUpAndGoOn() {
        hangUp()
        isLost()
    }
}
