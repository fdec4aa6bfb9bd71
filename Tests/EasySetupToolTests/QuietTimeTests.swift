import Testing

@testable import EasySetupTool

@Suite("The time until the terminal is given back") struct QuietTimeTests {
    private let start = ContinuousClock.now

    @Test("Behind a code that needed no Enter an Enter is waited for, and little behind it") func enter() {
        var quiet = QuietTime(since: start, pause: QuietTime.pause, isEnterAwaited: true)
        #expect(quiet.left(at: start) == QuietTime.enterPause)
        #expect(quiet.left(at: start + QuietTime.pause) > .zero, "a person is slower than a paste")
        #expect(quiet.left(at: start + QuietTime.enterPause) == .zero)
        let pressed = start + .milliseconds(700)
        quiet.drop(isEnter: true, at: pressed)
        #expect(quiet.left(at: pressed) == QuietTime.pause)
        // A second Enter is no longer that of the code.
        quiet.drop(isEnter: true, at: pressed)
        #expect(quiet.left(at: pressed) == QuietTime.longPause)
    }

    @Test("Behind a line that ended with Enter, and behind a secret, it is as long as for a paste") func others() {
        for pause in [QuietTime.pause, QuietTime.secretPause] {
            var quiet = QuietTime(since: start, pause: pause, isEnterAwaited: false)
            #expect(quiet.left(at: start) == pause)
            quiet.drop(isEnter: true, at: start)
            #expect(quiet.left(at: start) == QuietTime.longPause)
        }
        var pasted = QuietTime(since: start, pause: QuietTime.pause, isEnterAwaited: true)
        pasted.drop(isEnter: false, at: start)
        #expect(pasted.left(at: start) == QuietTime.longPause)
    }

    @Test("The first Enter soon behind the code is no answer, and everything else is")
    func answers() {
        func takes(_ bytes: [(UInt8, Duration)]) -> [Bool] {
            var enter = AwaitedEnter()
            enter.expect(at: start)
            return bytes.map { enter.takes($0.0, at: start + $0.1) }
        }
        let (line, letter) = (UInt8(ascii: "\n"), UInt8(ascii: "y"))
        #expect(takes([(line, .milliseconds(900)), (line, .milliseconds(950))]) == [true, false])
        #expect(takes([(UInt8(ascii: "\r"), .zero)]) == [true])
        #expect(takes([(line, QuietTime.enterPause)]) == [false])
        #expect(takes([(letter, .zero), (line, .zero)]) == [false, false])
        var none = AwaitedEnter()
        let isTaken = none.takes(line, at: start)
        #expect(!isTaken)
    }
}
