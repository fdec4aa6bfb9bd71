import EasySetupPairingSession
package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that takes a meeting with an offerer, or a place in the line of its room, and keeps it as long as
/// possible.
package final class Squatter: Outsider {
    package enum Manner: CaseIterable, Sendable {
        /// It sends nothing.
        case silent
        /// It sends the first message and then nothing.
        case greets
        /// It leaves as soon as it has a place.
        case leaves
    }

    private let manner: Manner
    private let pace: Duration
    private var slot: Slot?
    private var guess: Guess?

    package init(_ world: World, at relay: any RelayEnd, path: Path, manner: Manner, pace: Duration) {
        self.manner = manner
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() { if let slot { say(.visit(slot: slot, work: nil)) } }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .met(let meeting, _, _):
            switch manner {
            case .silent: break
            case .greets: if let hello = guess?.hello(meeting) { say(.message(meeting: nil, hello)) }
            case .leaves: say(.leave(.done))
            }
        case .workWanted(let challenge, let difficulty, _):
            guard let slot, let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) else { return }
            say(.visit(slot: slot, work: work))
        default: break
        }
    }

    package override func isLost() {
        after(pace) { [unowned self] in
            guard let code = findCode() else { return isLost() }
            slot = Slot(code.slot)
            if manner == .greets { guess = Guess(at: code, knows: false, in: world, &random) }
            connect()
        }
    }
}
