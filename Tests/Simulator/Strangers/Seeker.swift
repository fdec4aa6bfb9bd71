import EasySetupPairingSession
import EasySetupRelayCore
package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that visits slots without a room, or slots whose code has ended, and does the work that the relay
/// demands. It computes the least work that the relay must demand and the most that the relay may tell it. If the relay
/// does otherwise, it reports a breach of ``Law/strangers``.
package final class Seeker: Outsider {
    package enum Manner: CaseIterable, Sendable {
        /// The stranger searches for codes, from one address.
        case sweeps
        /// The stranger asks how known codes ended. It takes a new address each time, so that it is within every limit.
        case asks
    }

    private let manner: Manner
    private let pace: Duration
    private let relayOfCodes: Relay
    private let limits: Limits
    private var slot: Slot?
    private var work: Work?
    /// The times of the stranger's visits to slots without a room, within the last `counterWindow`.
    private var misses: [Duration] = []
    /// How many of its visits required work, and the highest difficulty, in bits.
    package private(set) var asked = 0
    package private(set) var mostBits = 0
    /// How many times the relay told it how a code ended.
    package private(set) var told = 0

    package init(_ world: World, at relay: Relay, path: Path, manner: Manner, pace: Duration) {
        self.manner = manner
        self.pace = pace
        relayOfCodes = relay
        limits = relay.promised
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() {
        guard let slot else { return }
        say(.visit(slot: slot, work: nil))
    }

    package override func hears(_ frame: RelayFrame) {
        guard let slot else { return }
        switch frame {
        case .workWanted(let challenge, let difficulty, _):
            asked += 1
            mostBits = max(mostBits, difficulty)
            if difficulty < price {
                world.breach(.strangers, "\(misses.count) empty visits, and the next costs \(difficulty) bits")
            }
            // The stranger does no harder work than this.
            guard difficulty <= 8, let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) else {
                return hangUpAndRest()
            }
            self.work = work
            say(.visit(slot: slot, work: work))
        case .refused(.noSuchCode, let wait):
            if work == nil, price > 0 { world.breach(.strangers, "\(misses.count) empty visits, and the next is free") }
            // A relay does not count visits soon after its start, because devices of earlier rooms make such visits
            // too.
            if wait == .zero { misses.append(world.now) }
        case .refused(.expired, _), .refused(.cancelled, _), .refused(.codeBurnt, _), .refused(.seated, _):
            told += 1
            guard let ended = relayOfCodes.endedAt[slot], !relayOfCodes.isLive(slot) else { break }
            if world.now - ended > limits.endedTold + .seconds(5) {
                world.breach(.strangers, "a stranger hears how a code ended \(world.now - ended) ago")
            }
        case .met, .inLine: hangUpAndRest()
        default: break
        }
    }

    /// The least difficulty that the relay must demand for the next visit, in bits, by the misses of this address
    /// alone; 0 for no work.
    private var price: Int {
        misses.removeAll { world.now - $0 > limits.counterWindow - .seconds(10) }
        if let restarted = relayOfCodes.restartedAt { misses.removeAll { $0 <= restarted } }
        let excess = misses.count / limits.missesPerPrefix
        guard excess > 0 else { return 0 }
        let doublings = Int.bitWidth - 1 - excess.leadingZeroBitCount
        return min(limits.difficulty.lowerBound + 2 * doublings, WireLimits.difficulty.upperBound)
    }

    package override func isLost() {
        after(pace) { [unowned self] in
            work = nil
            switch manner {
            case .sweeps: slot = Slot.drawn(&random)
            case .asks:
                path.prefix = Path(address: 0xC200_0000 | UInt32.random(in: 0..<0x1_0000, using: &random) << 8).prefix
                misses = []
                slot = random.pick(world.codes.filter { $0.relay === relay && !$0.isShown }).flatMap { Slot($0.slot) }
            }
            guard slot != nil else { return isLost() }
            connect()
        }
    }

    private func hangUpAndRest() {
        hangUp()
        after(.seconds(30)) { [unowned self] in isLost() }
    }
}
