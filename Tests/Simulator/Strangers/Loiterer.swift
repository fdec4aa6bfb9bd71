package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that makes visits which require work, and never does the work. Each takes a place for the lifetime of a
/// challenge.
package final class Loiterer: Outsider {
    private let pace: Duration
    /// How many times it took such a place.
    package private(set) var places = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, pace: Duration) {
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() {
        if let slot = Slot.drawn(&random) { say(.visit(slot: slot, work: nil)) }
    }

    package override func hears(_ frame: RelayFrame) { if case .workWanted = frame { places += 1 } }

    package override func isLost() { after(pace) { [unowned self] in connect() } }
}

extension Slot {
    /// A random slot of three symbols, with or without a room.
    static func drawn(_ random: inout SplitMix) -> Slot? {
        let symbols = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        return Slot(String((0..<lengths.lowerBound).map { _ in random.pick(symbols) ?? "0" }))
    }
}
