import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// Two relays' stores ask a real Redis at once, each from a thread of its own. `scripts/fleet races` has more of them.
@Suite(
    "Races of two relays at a real Redis",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct RedisRaceTests {
    /// The number of races of each kind.
    static let count = ProcessInfo.processInfo.environment["EASYSETUP_RACES"].flatMap { Int($0) } ?? 500

    private static func name(_ race: Int) -> RoomName {
        let number = (0..<12).map { UInt8(truncatingIfNeeded: race >> (8 * min($0, 3))) }
        return RoomName(slot: number, offer: number)
    }

    private static func entry(_ run: UInt64, _ attempt: UInt32, offer: UInt8 = 1) -> Registration {
        Registration(offer: [UInt8](repeating: offer, count: 16), run: RunID(number: run), attempt: attempt)
    }

    private static func race(_ body: @Sendable (StoreRig, StoreRig, Int) async throws -> Void) async throws {
        try await RedisServer.run { server in
            let (one, two) = (try await StoreRig(server), try await StoreRig(server))
            await one.join(as: 1)
            await two.join(as: 2)
            try await one.hears(.joined(hasKept: false))
            try await two.hears(.joined(hasKept: false))
            for race in 0..<count { try await body(one, two, race) }
            await one.leave()
            await two.leave()
        }
    }

    @Test("A slot that both claim is one relay's") func slot() async throws {
        try await Self.race { one, two, race in
            let name = Self.name(race)
            async let first = one.claim(name, Self.entry(1, 0, offer: 1))
            async let second = two.claim(name, Self.entry(2, 0, offer: 2))
            let answers = try await [first.get(), second.get()]
            #expect(answers.count { $0 } == 1)
            let owner = answers[0] ? Self.entry(1, 0, offer: 1) : Self.entry(2, 0, offer: 2)
            #expect(await one.find(name) == .success(FoundRooms(atSlot: owner)))
        }
    }

    @Test("A room that both register is one relay's, and one that both take over is that of the newer attach")
    func takeover() async throws {
        try await Self.race { one, two, race in
            let name = Self.name(race)
            // Neither has heard the offerer attach, so that whoever is first has it.
            async let first = one.take(TakeRequest(name, Self.entry(1, 3), isAttach: false))
            async let second = two.take(TakeRequest(name, Self.entry(2, 3), isAttach: false))
            let outcomes = try await [first.get(), second.get()]
            #expect(outcomes.count { $0.verdict == .mine(before: nil) } == 1)
            #expect(outcomes.count { if case .newer = $0.verdict { true } else { false } } == 1)
            // Now the offerer has attached to both, to one of them later.
            let isFirst = race % 2 == 0
            async let older = (isFirst ? one : two).take(
                TakeRequest(name, Self.entry(isFirst ? 1 : 2, 4), isAttach: true)
            )
            async let newer = (isFirst ? two : one).take(
                TakeRequest(name, Self.entry(isFirst ? 2 : 1, 5), isAttach: true)
            )
            _ = try await older.get()
            guard case .mine = try await newer.get().verdict else {
                Issue.record("race \(race): the newer attach has lost")
                return
            }
            #expect(await one.find(name) == .success(FoundRooms(atSlot: Self.entry(isFirst ? 2 : 1, 5))))
        }
    }
}
