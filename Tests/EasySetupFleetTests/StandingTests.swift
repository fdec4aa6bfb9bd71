import EasySetupFleetStore
import Testing

@testable import EasySetupFleet

@Suite("The standing of a relay among others") struct StandingTests {
    @Test("A relay that has joined believes a miss after a minute, and not after data were lost or it was cut off")
    func joined() {
        var standing = Standing()
        #expect(!standing.isJoined && !standing.isMissProof(now: .seconds(1000)))
        standing.told(.connecting, now: .zero)
        standing.told(.joined(hasKept: false), now: .seconds(10))
        #expect(standing.isJoined && !standing.isMissProof(now: .milliseconds(69_999)))
        #expect(standing.isMissProof(now: .seconds(70)))
        standing.told(.message(.all, []), now: .seconds(70))
        #expect(standing.isMissProof(now: .seconds(70)))
        standing.told(.lostData, now: .seconds(100))
        #expect(standing.isJoined && !standing.isMissProof(now: .milliseconds(159_999)))
        #expect(standing.isMissProof(now: .seconds(160)))
        standing.told(.cutOff(.closed), now: .seconds(200))
        standing.told(.lostData, now: .seconds(200))
        #expect(!standing.isJoined && !standing.isMissProof(now: .seconds(999)))
        standing.told(.joined(hasKept: true), now: .seconds(201))
        #expect(standing.isJoined && !standing.isMissProof(now: .milliseconds(260_999)))
        #expect(standing.isMissProof(now: .seconds(261)))
    }

    @Test("Five seconds without a look at the clock are sleep") func slept() {
        var clock = RunClock(started: .zero)
        #expect(clock.look(now: .milliseconds(4999)) == false)
        #expect(clock.look(now: .milliseconds(4000)) == false)
        #expect(clock.look(now: .milliseconds(9998)) == false)
        #expect(clock.look(now: .milliseconds(14_998)) == true)
        #expect(clock.look(now: .milliseconds(14_999)) == false)
    }

    @Test("OtherRuns are there as long as they are heard, and suspected for five seconds") func others() {
        let (one, two) = (RunID(number: 1), RunID(number: 2))
        var others = OtherRuns()
        #expect(!others.mayAnswer(one, now: .zero))
        others.joined(now: .seconds(100))
        #expect(others.mayAnswer(one, now: .milliseconds(104_999)) && !others.mayAnswer(one, now: .seconds(105)))
        others.heard(one, Beat(load: 3), now: .seconds(105))
        #expect(others.mayAnswer(one, now: .milliseconds(109_999)) && !others.mayAnswer(one, now: .seconds(110)))
        others.heard(one, now: .seconds(109))
        #expect(others.beats(now: .seconds(110)) == [one: Beat(load: 3)])
        #expect(others.beats(now: .seconds(114)) == [:])
        others.suspect(one, now: .seconds(109))
        others.heard(one, now: .seconds(113))
        #expect(!others.mayAnswer(one, now: .milliseconds(113_999)) && others.mayAnswer(one, now: .seconds(114)))
        others.suspect(two, now: .seconds(114))
        #expect(!others.mayAnswer(two, now: .seconds(119)))
        others.cutOff()
        #expect(!others.mayAnswer(one, now: .seconds(114)))
        // What was heard before a cut is old, and nobody is silent until all had their time again.
        others.joined(now: .seconds(200))
        #expect(others.mayAnswer(one, now: .seconds(204)) && !others.mayAnswer(one, now: .seconds(205)))
    }

    @Test("The runs that are known are bounded: silent ones go first, then the one that was heard longest ago")
    func bounded() {
        var others = OtherRuns()
        others.joined(now: .zero)
        for run in 0..<UInt64(3000) { others.heard(RunID(number: run), Beat(), now: .milliseconds(run)) }
        #expect(others.beats(now: .seconds(3)).count == EnvelopeLimits.runs)
        #expect(others.beats(now: .seconds(3))[RunID(number: 2999)] != nil)
        others.heard(RunID(number: 9999), Beat(), now: .seconds(60))
        #expect(others.beats(now: .seconds(60)).count == 1)
    }
}
