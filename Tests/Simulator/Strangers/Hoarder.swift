import EasySetupPairingSession
package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that offers codes which nobody uses, and does the work that the relay demands, so that it takes rooms for
/// the lifetime of a code.
package final class Hoarder: Outsider {
    package enum Manner: CaseIterable, Sendable {
        /// The stranger stays connected: its rooms live, and the share of its prefix limits their number.
        case holds
        /// The stranger leaves as soon as it has a room, and opens the next one. The room has no connected offerer, and
        /// was never visited.
        case leaves
        /// The stranger leaves. Later it comes back with the tokens of its rooms and with invented meetings.
        case claims
    }

    private let manner: Manner
    private let pace: Duration
    private var tokens: [Token] = []
    /// The number of rooms that the relay has given it.
    package private(set) var rooms = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, manner: Manner, pace: Duration) {
        self.manner = manner
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() {
        guard manner == .claims, random.once(in: 2), let token = random.pick(tokens) else {
            return say(.offer(slotLength: 0, work: nil))
        }
        let held = (0..<WireLimits.heldMeetings).compactMap { _ in
            MeetingID(random.bytes(MeetingID.byteCount)).map {
                MeetingResume(meeting: $0, acked: 1, received: 1, isSeated: false)
            }
        }
        say(.attachOfferer(token: token, held: held, attempt: 0))
    }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .workWanted(let challenge, let difficulty, _):
            if let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) {
                say(.offer(slotLength: 0, work: work))
            }
        case .offered(_, let token, _):
            rooms += 1
            tokens.append(token)
            goOn()
        case .attachedOfferer: goOn()
        default: break
        }
    }

    package override func isLost() { after(pace) { [unowned self] in connect() } }

    private func goOn() {
        guard manner != .holds else { return }
        hangUp()
        isLost()
    }
}
