import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@Suite("Slots that are claimed ahead of need") struct SlotStockTests {
    static var limits: Limits {
        var limits = Limits()
        limits.restartGuard = .zero
        return limits
    }

    static func unanswered() -> Scene {
        var scene = Scene(limits, surroundings: .amongOthers(run: [1]))
        scene.happen { $0.joined(hasKept: true, &$1) }
        return scene
    }

    @Test("A relay claims 64 slots of each length when it joins, and eight more when it has issued eight") func claims()
    {
        var scene = Self.unanswered()
        #expect(scene.questions.count == 4 * 64)
        for length in Slot.lengths {
            #expect(scene.questions.count { $0.slot.symbols.utf8.count == length } == 64)
        }
        scene.answerClaims()
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
        for count in 1...8 {
            scene.come("B\(count)", .offer(slotLength: 0, work: nil))
            #expect(scene.slot.symbols.utf8.count == 3)
            #expect(scene.wishes == Array(repeating: .claim, count: count < 8 ? 0 : 8))
        }
        scene.pass(.seconds(1))
        #expect(scene.questions.count == 8)
    }

    @Test("An offer has the slot and the id that are registered for it") func registered() {
        var scene = Self.unanswered()
        let claimed = scene.questions
        scene.answerClaims()
        scene.come("B", .offer(slotLength: 5, work: nil))
        #expect(claimed.contains { $0.slot == scene.slot && $0.offer == scene.offer })
        #expect(scene.slot.symbols.utf8.count == 5)
        // Nothing is left to register.
        scene.answerClaims()
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
    }

    @Test("Without claims an offer has a slot of six symbols, which is registered in the next second") func empty() {
        var scene = Self.unanswered()
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 6)
        scene.pass(.seconds(1))
        scene.answer(.mine(hasSlot: false))
        #expect(scene.last("B") == Scene.comeAgain)
    }

    @Test("A failed claim gives no slot, and one that is not answered is made again") func failed() {
        var scene = Self.unanswered()
        scene.answerClaims(.others(attempt: 0))
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 6)
        scene.pass(.seconds(1))
        scene.answerClaims(.silent)
        scene.pass(.seconds(1))
        #expect(scene.questions.count { $0.wish == .claim } == 4 * 64)
    }

    @Test("When 16 of the last 64 claims of a length have failed, longer slots are issued", arguments: [15, 16])
    func crowded(failed: Int) {
        var scene = Self.unanswered()
        var left = failed
        while let question = scene.questions.first(where: { left > 0 && $0.slot.symbols.utf8.count == 3 }) {
            scene.answer(.others(attempt: 0), where: { $0 == question })
            left -= 1
        }
        scene.answerClaims()
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == (failed == 16 ? 4 : 3))
    }

    @Test("A claim is used for a quarter of an hour, and for no time after the directory has lost it") func old() {
        var scene = Self.unanswered()
        scene.answerClaims()
        scene.pass(.seconds(899))
        #expect(scene.questions.isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.questions.count == 4 * 64)
        scene.answerClaims()
        scene.happen { $0.directoryLost(&$1) }
        #expect(scene.questions.count == 4 * 64)
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 6)
    }

    @Test("A short time without the directory is not noticed: offers have claimed slots, which are registered later")
    func cutOff() {
        var scene = Self.unanswered()
        scene.answerClaims()
        scene.happen { $0.cutOff(&$1) }
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 3)
        #expect(scene.questions.isEmpty)
        scene.happen { $0.joined(hasKept: true, &$1) }
        scene.answerClaims()
        scene.pass(.seconds(1))
        #expect(scene.wishes == [.take(attempt: 0, isAttach: false)])
    }

    @Test("A claim from before the relay joined again may be lost, so its room is registered in the next second")
    func failover() {
        var scene = Self.unanswered()
        scene.answerClaims()
        scene.pass(.milliseconds(500))
        scene.happen { $0.cutOff(&$1) }
        scene.happen { $0.joined(hasKept: true, &$1) }
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.answerClaims()
        #expect(scene.questions.isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.wishes == [.take(attempt: 0, isAttach: false)])
    }

    @Test("For a time after the start slots of three symbols are not issued, as at a relay alone") func restartGuard() {
        var scene = Scene.shared()
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 4)
        scene.pass(.seconds(900))
        scene.answerClaims()
        scene.come("C", .offer(slotLength: 0, work: nil))
        #expect(scene.slot.symbols.utf8.count == 3)
    }

    @Test("Another first key drops all claims, those that are not answered yet, too") func otherKey() throws {
        var scene = Self.unanswered()
        let before = scene.questions
        let other = try TokenKeys(current: [UInt8](repeating: 8, count: 32))
        scene.happen { $0.replaceKeys(by: other, &$1) }
        #expect(scene.questions.count == 2 * 4 * 64)
        scene.answerClaims()
        scene.pass(.seconds(1))
        #expect(scene.questions.isEmpty)
        scene.come("B", .offer(slotLength: 0, work: nil))
        #expect(!before.contains { $0.slot == scene.slot } && scene.slot.symbols.utf8.count == 3)
        // A key that is only believed changes no name.
        scene.answerClaims()
        let keys = try TokenKeys(current: [UInt8](repeating: 8, count: 32), others: [[UInt8](repeating: 9, count: 32)])
        scene.happen { $0.replaceKeys(by: keys, &$1) }
        #expect(scene.questions.isEmpty)
    }
}
