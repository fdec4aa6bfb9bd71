package import EasySetupRelayProtocol

/// Asks for what has to be worked for and never brings the work: it takes a place at work for as long as a challenge lives.
package final class Loiterer: Outsider {
    private let pace: Duration
    /// How many places at work it got.
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
    /// A slot of three symbols that may be anybody's or nobody's.
    static func drawn(_ random: inout SplitMix) -> Slot? {
        let symbols = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        return Slot(String((0..<lengths.lowerBound).map { _ in random.pick(symbols) ?? "0" }))
    }
}
