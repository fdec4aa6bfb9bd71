import EasySetupFleet
import Testing

@Suite("One end of a trunk") struct TrunkEndTests {
    static let times = FleetTimes()

    /// An end with these legs, at which three messages were said and two heard.
    static func end(legs: Int) -> TrunkEnd<String> {
        var end = TrunkEnd<String>(TrunkID(number: 7), unused: times.trunkUnused, now: .zero)
        for leg in 0..<legs { _ = end.add("leg \(leg + 1)", number: UInt64(leg + 1), now: .zero) }
        for number in 1...3 { #expect(end.say(now: .zero) == UInt64(number)) }
        for number in 1...2 { #expect(end.heard(UInt64(number), now: .zero) == .next) }
        return end
    }

    @Test("With and without legs, a message is the next, a repetition, or shows a gap", arguments: [0, 1, 2])
    func numbers(legs: Int) {
        var end = Self.end(legs: legs)
        #expect(end.heard(0, now: .zero) == .repeated)
        #expect(end.heard(1, now: .zero) == .repeated)
        #expect(end.heard(2, now: .zero) == .repeated)
        #expect(end.heard(4, now: .zero) == .gap)
        #expect(end.heard(.max, now: .zero) == .gap)
        #expect(end.received == 2)
        #expect(end.heard(3, now: .zero) == .next)
        #expect(end.heard(4, now: .zero) == .next)
        #expect(end.say(now: .zero) == 4)
        #expect(end.legs.count == legs)
    }

    @Test("A leg is added once, and removed once", arguments: [0, 1, 2]) func legs(legs: Int) {
        var end = Self.end(legs: legs)
        let next = UInt64(legs + 1)
        #expect(end.add("again", number: UInt64(legs), now: .zero) == false)
        #expect(end.remove(next, now: .zero) == nil)
        #expect(end.add("new", number: next, now: .zero) == true)
        #expect(end.add("again", number: next, now: .zero) == false)
        end.update(next) { $0 = "changed" }
        end.update(next + 1) { $0 = "nobody's" }
        #expect(end.remove(next, now: .zero) == "changed")
        #expect(end.remove(next, now: .zero) == nil)
        // A number is not used again.
        #expect(end.add("again", number: next, now: .zero) == false)
        #expect(end.add("later", number: next + 5, now: .zero) == true)
        #expect(end.lastLeg == next + 5)
    }

    @Test("With legs it says a ping each two seconds, and is broken after five without a word") func silence() {
        var end = Self.end(legs: 1)
        #expect(end.due(Self.times) == .seconds(2))
        #expect(end.look(Self.times, now: .milliseconds(1999)) == .nothing)
        #expect(end.look(Self.times, now: .seconds(2)) == .ping)
        #expect(end.look(Self.times, now: .seconds(2)) == .nothing)
        #expect(end.due(Self.times) == .seconds(4))
        // What is said spares a ping, and what is heard puts off the end.
        _ = end.say(now: .seconds(3))
        #expect(end.look(Self.times, now: .milliseconds(4999)) == .nothing)
        #expect(end.heard(3, now: .milliseconds(4999)) == .next)
        #expect(end.look(Self.times, now: .seconds(5)) == .ping)
        #expect(end.heard(3, now: .seconds(9)) == .repeated)
        #expect(end.look(Self.times, now: .milliseconds(9998)) == .ping)
        #expect(end.due(Self.times) == .milliseconds(9999))
        #expect(end.look(Self.times, now: .milliseconds(9999)) == .silent)
    }

    @Test("Without legs it says nothing, is never silent, and is forgotten after a minute") func unused() {
        var end = Self.end(legs: 1)
        #expect(end.remove(1, now: .seconds(4)) == "leg 1")
        #expect(end.due(Self.times) == .seconds(64))
        #expect(end.look(Self.times, now: .seconds(30)) == .nothing)
        // Nobody had to say anything meanwhile.
        #expect(end.add("leg 2", number: 2, now: .seconds(63)) == true)
        #expect(end.look(Self.times, now: .seconds(64)) == .nothing)
        #expect(end.look(Self.times, now: .seconds(65)) == .ping)
        #expect(end.look(Self.times, now: .seconds(68)) == .silent)
        #expect(end.remove(2, now: .seconds(68)) == "leg 2")
        #expect(end.look(Self.times, now: .milliseconds(127_999)) == .nothing)
        #expect(end.look(Self.times, now: .seconds(128)) == .unused)
    }

    @Test("A device may say 256 frames or 64 KiB at once, and an eighth of that in each second afterwards")
    func budget() {
        func burst(bytes: Int, _ budget: inout LegBudget, _ now: Duration) -> Int {
            var frames = 0
            while budget.spend(bytes: bytes, now: now) { frames += 1 }
            return frames
        }
        var small = LegBudget()
        #expect(burst(bytes: 10, &small, .zero) == 256)
        // A frame that was too much counts, too.
        #expect(burst(bytes: 10, &small, .seconds(1)) == 31)
        #expect(burst(bytes: 10, &small, .seconds(60)) == 256)
        var large = LegBudget()
        #expect(burst(bytes: 4096, &large, .zero) == 16)
        #expect(burst(bytes: 4096, &large, .seconds(1)) == 1)
        var slow = LegBudget()
        for second in 0..<1000 {
            for _ in 0..<32 { #expect(slow.spend(bytes: 256, now: .seconds(second)) == true) }
        }
    }
}
