import EasySetupFleetStore
import EasySetupRelayProtocol
import SeededRandom
import Testing

@testable import EasySetupFleet
@testable import EasySetupRelayCore

/// Two relays with other first keys, as while keys are rotated, so that each of them writes a slot under another name.
@Suite("A directory while keys are rotated") struct RotationTests {
    private final class Two {
        let things = SharedThings()
        let relays: [FleetRelay]
        var random = SplitMix(state: 8)
        private let reader: MemoryStore

        init() throws {
            var sharing = SharingLimits()
            sharing.claims = 1
            let (key, other) = (EnvelopeTests.key, EnvelopeTests.other)
            relays = [
                try FleetRelay(1, things, keys: EnvelopeTests.keys(key, [other]), sharing: sharing),
                try FleetRelay(2, things, keys: EnvelopeTests.keys(other, [key]), sharing: sharing),
            ]
            reader = things.stores.store()
            reader.join(as: RunID(number: 99)) { _ in }
            things.settle()
        }

        /// Both relays ask at once, and all that follows happens in a random order. Returns the runs that the directory
        /// names then, by name.
        func race(_ slot: Slot, _ offers: [OfferID], _ wish: (Int) -> DirectoryQuestion.Wish) -> [RunID] {
            things.isHeld = true
            for index in relays.indices {
                let question = DirectoryQuestion(
                    wish: wish(index),
                    slot: slot,
                    offer: offers[index],
                    asker: .stock
                )
                relays[index].happen { $0.machine.ask(question) }
                for _ in 0..<Int.random(in: 0..<4, using: &random) { _ = things.stepAtRandom(using: &random) }
            }
            while things.stepAtRandom(using: &random) {}
            things.isHeld = false
            var found: [RunID] = []
            for name in EnvelopeTests.keys(EnvelopeTests.key, [EnvelopeTests.other]).names(of: slot, offers[0]) {
                reader.find(name) { if let run = try? $0.get().atSlot?.run { found.append(run) } }
            }
            things.settle()
            return found
        }
    }

    private static func slot(_ number: Int) throws -> Slot { try #require(SlotPool.slot(number, length: 6)) }

    private static func offer(_ number: Int, _ relay: Int) -> OfferID {
        OfferID((0..<16).map { $0 == 0 ? UInt8(relay) : UInt8(truncatingIfNeeded: number >> (8 * ($0 & 3))) })!
    }

    @Test("Of two relays that claim a slot at once, one has it at most, and what the other has written is gone")
    func claims() throws {
        let two = try Two()
        var owners: [Int: Int] = [:]
        for number in 0..<2_000 {
            let offers = (0..<2).map { Self.offer(number, $0) }
            let found = two.race(try Self.slot(1_000_000 + number), offers) { _ in .claim }
            #expect(found.count <= 1)
            owners[found.first.map { Int($0.number) } ?? 0, default: 0] += 1
        }
        // Each of them has won, and sometimes each has seen the other.
        #expect(owners.count == 3, "\(owners)")
    }

    @Test("Of two relays that take a room at once, the newer attach has it, under each name", arguments: [0, 1])
    func takes(newer: Int) throws {
        let two = try Two()
        for number in 0..<2_000 {
            let offers = [Self.offer(number, 9), Self.offer(number, 9)]
            let found = two.race(try Self.slot(2_000_000 + number), offers) { index in
                .take(attempt: index == newer ? 2 : 1, isAttach: true)
            }
            #expect(Set(found) == [two.relays[newer].machine.run])
        }
    }
}
