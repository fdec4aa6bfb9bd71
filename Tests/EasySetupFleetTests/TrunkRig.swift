import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import SeededRandom

/// Two runs and the bus between them, which loses, repeats and swaps messages where a test wants it.
struct TrunkRig {
    enum Fault: CaseIterable { case lost, twice, swapped }

    /// The run 1 and the run 2.
    var runs: [Trunks] = []
    /// The messages under way to each run.
    var toRun: [[FleetContent]] = [[], []]
    /// All that each run was told, in order.
    var told: [[TrunkEffect]] = [[], []]
    var now = Duration.zero
    var entropy: SplitMix
    /// The messages that were said so far, and the fault that befalls one of a number.
    var said = 0
    var faults: [Int: Fault] = [:]
    private var held: FleetContent?

    static let prefix = AddressPrefix(bytes: [192, 0, 2, 7])!

    init(seed: UInt64 = 1) {
        entropy = SplitMix(state: seed)
        for run in 1...2 as ClosedRange<UInt64> {
            runs.append(Trunks { ConnectionID(number: run * 1000 + $0) })
        }
    }

    static func id(_ run: Int) -> RunID { RunID(number: UInt64(run + 1)) }

    mutating func open(_ device: UInt64, by run: Int, frame: [UInt8] = [1]) {
        runs[run].open(
            ConnectionID(number: device),
            at: Self.id(1 - run),
            from: Self.prefix,
            frame: frame,
            now: now,
            using: &entropy
        )
    }

    /// Puts what a run says on the bus, through the codec.
    mutating func publish(_ run: Int) throws {
        for message in runs[run].takeMessages(now: now) {
            precondition(message.receiver == Self.id(1 - run))
            let content = try ContentCodec.read(ContentCodec.bytes(of: message.content))
            precondition(content == message.content)
            said += 1
            let behind = held
            held = nil
            switch faults[said] {
            case nil: toRun[1 - run].append(content)
            case .lost: break
            case .twice: toRun[1 - run] += [content, content]
            case .swapped: held = content
            }
            if let behind { toRun[1 - run].append(behind) }
        }
    }

    /// Lets a run hear the next message; false if there is none.
    mutating func hear(_ run: Int) -> Bool {
        guard !toRun[run].isEmpty else { return false }
        told[run] += runs[run].heard(toRun[run].removeFirst(), from: Self.id(1 - run), now: now)
        return true
    }

    /// Lets both say and hear until there is nothing more.
    mutating func settle() throws {
        repeat {
            try publish(0)
            try publish(1)
        } while hear(0) || hear(1)
    }

    /// Lets time pass, with all that is due meanwhile.
    mutating func pass(_ time: Duration) throws {
        let end = now + time
        while let due = [runs[0].nextDeadline, runs[1].nextDeadline].compactMap(\.self).min(), due <= end {
            now = max(now, due)
            for run in 0...1 { told[run] += runs[run].deadlinesPassed(now: now) }
            try settle()
        }
        now = end
    }

    mutating func take(_ run: Int) -> [TrunkEffect] {
        defer { told[run] = [] }
        return told[run]
    }
}
