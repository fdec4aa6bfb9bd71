import EasySetupPairingSession
package import EasySetupRelayProtocol

/// A stranger that sends frames without effect on one connection until the relay ends it.
package final class Chatterer: Outsider {
    private let pace: Duration
    private var slot: Slot?
    private var isHeard = false
    /// How many of its connections the relay ended because it sent too many frames.
    package private(set) var ended = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, pace: Duration) {
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() { if let slot { say(.visit(slot: slot, work: nil)) } }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .met:
            isHeard = true
            chatter()
        case .refused(.badFrame, _): ended += 1
        case .workWanted(let challenge, let difficulty, _):
            guard let slot, difficulty <= 8, let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty)
            else {
                hangUp()
                return isLost()
            }
            say(.visit(slot: slot, work: work))
        default: break
        }
    }

    /// Sends many frames at once, which would block a relay that does not count them.
    private func chatter() {
        guard isHeard, connection?.isOpen == true else { return }
        for _ in 0..<100 { say(.ack(meeting: nil, upTo: 0)) }
        after(.milliseconds(200)) { [unowned self] in chatter() }
    }

    package override func isLost() {
        isHeard = false
        after(pace) { [unowned self] in
            guard let code = findCode() else { return isLost() }
            slot = Slot(code.slot)
            connect()
        }
    }
}
