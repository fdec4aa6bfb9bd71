import EasySetupChain
import Testing

@Suite("The store's clock")
struct StoreClockTests {
    static let start: UInt64 = 1_800_000_000_000

    @Test("The device's own date plays no part: time goes on from the store's answer")
    func offset() {
        var clock = StoreClock()
        #expect(clock.now(at: .seconds(7)) == nil)
        #expect(clock.answered(StoreTime(milliseconds: Self.start), sent: .seconds(7), received: .seconds(8)) == .fits)
        #expect(clock.now(at: .seconds(8)) == Self.start)
        #expect(clock.now(at: .seconds(86_408)) == Self.start + 86_400_000)
    }

    @Test("Answers rounded down to the second do not set the clock back")
    func rounding() {
        var clock = StoreClock()
        for step in 0..<100 as Range<Int64> {
            let instant: Duration = .milliseconds(step * 370)
            let told = (Self.start + UInt64(step * 370)) / 1_000 * 1_000
            #expect(clock.answered(StoreTime(milliseconds: told), sent: instant, received: instant) == .fits)
            let now = clock.now(at: instant)!
            #expect(now <= Self.start + UInt64(step * 370))
            #expect(now + 1_000 > Self.start + UInt64(step * 370))
        }
    }

    @Test("A device's clock that goes too fast or too slow is corrected without a word", arguments: [-1, 1])
    func drift(_ direction: Int64) {
        var clock = StoreClock()
        // A hundred parts in a million, for a month, with an answer each hour.
        for hour in 0..<720 as Range<Int64> {
            let truth = Self.start + UInt64(hour) * 3_600_000
            let instant: Duration = .milliseconds(hour * (3_600_000 + direction * 360))
            #expect(clock.answered(StoreTime(milliseconds: truth), sent: instant, received: instant) == .fits)
            #expect(clock.now(at: instant)! <= truth + 1_000)
            #expect(clock.now(at: instant)! + 1_000 >= truth)
        }
    }

    @Test("One wrong answer changes nothing, and two that agree set the clock", arguments: [-400, -1, 1, 400])
    func set(_ days: Int64) {
        var clock = StoreClock()
        _ = clock.answered(StoreTime(milliseconds: Self.start), sent: .zero, received: .zero)
        let wrong = StoreTime(milliseconds: UInt64(Int64(Self.start) + days * 86_400_000))
        #expect(clock.answered(wrong, sent: .zero, received: .zero) == .fits)
        #expect(clock.now(at: .zero) == Self.start)
        #expect(clock.answered(StoreTime(milliseconds: Self.start), sent: .zero, received: .zero) == .fits)
        #expect(clock.answered(wrong, sent: .zero, received: .zero) == .fits)
        let by = UInt64(days.magnitude) * 86_400_000
        #expect(
            clock.answered(wrong, sent: .zero, received: .zero) == (days < 0 ? .wentBack(by: by) : .wentAhead(by: by))
        )
        #expect(clock.now(at: .zero) == wrong.milliseconds)
    }

    @Test("A slow answer is no wrong clock")
    func slow() {
        var clock = StoreClock()
        _ = clock.answered(StoreTime(milliseconds: Self.start), sent: .zero, received: .zero)
        for told in [Self.start + 1_000, Self.start + 300_000] {
            let answer = StoreTime(milliseconds: told)
            #expect(clock.answered(answer, sent: .zero, received: .seconds(300)) == .fits)
        }
    }

    @Test("A new write comes after all that is known in its generation, and by the store's clock")
    func stamps() {
        let writer = DeviceID(value: 7)
        func time(_ now: UInt64, _ clocks: [UInt32: UInt64], generation: UInt32 = 1) -> UInt64? {
            Stamp(generation: generation, now: now, clocks: clocks, writer: writer)?.time
        }
        #expect(time(50, [:]) == 50)
        #expect(time(50, [1: 20]) == 50)
        #expect(time(50, [1: 50]) == 51)
        #expect(time(50, [1: 9_000]) == 9_001)
        #expect(time(50, [1: 9_000], generation: 2) == 50)
        #expect(time(StoreClock.lastTime, [:]) == StoreClock.lastTime)
        #expect(time(50, [1: StoreClock.lastTime]) == nil)
        #expect(time(StoreClock.lastTime + 1, [:]) == nil)
        #expect(time(50, [1: StoreClock.lastTime], generation: 2) == 50)
    }

    @Test("A store that tells a time beyond 13 digits does no more than one that tells the last of them")
    func beyond() {
        var clock = StoreClock()
        _ = clock.answered(StoreTime(milliseconds: .max), sent: .zero, received: .zero)
        #expect(clock.now(at: .zero) == StoreClock.lastTime)
        #expect(Stamp(generation: 1, now: clock.now(at: .seconds(1))!, clocks: [:], writer: DeviceID(value: 1)) == nil)
    }
}

@Suite("Cursors of listings")
struct CursorTests {
    private let first = Stamp(generation: 1, time: 100, writer: DeviceID(value: 1))

    private func started() -> Cursor {
        var cursor = Cursor()
        cursor.finished(cursor.next(at: .zero), time: 10_000_000, at: .zero)
        return cursor
    }

    private func stamp(_ time: UInt64, by writer: UInt64 = 1, generation: UInt32 = 1) -> Stamp {
        Stamp(generation: generation, time: time, writer: DeviceID(value: writer))
    }

    @Test("Everything is listed at the start, and then what is after the last listing less the overlap")
    func start() {
        #expect(Cursor().next(at: .zero) == .all(.start))
        #expect(started().next(at: .seconds(5)) == .from(10_000_000 - Cursor.overlap))
        #expect(started().age(at: .seconds(5)) == .seconds(5))
    }

    @Test("Everything is listed once a day, counted from the last time")
    func daily() {
        var cursor = started()
        #expect(cursor.next(at: .seconds(86_400)) == .all(.daily))
        cursor.finished(.from(0), time: 20_000_000, at: .seconds(86_400))
        #expect(cursor.next(at: .seconds(86_401)) == .all(.daily))
        cursor.finished(.all(.daily), time: 20_000_000, at: .seconds(86_400))
        #expect(cursor.next(at: .seconds(86_401)) == .from(20_000_000 - Cursor.overlap))
    }

    @Test("Everything is listed when the clock has gone back and when it is asked for, until it was")
    func asked() {
        for reason in [Cursor.Reason.asked, .clockWentBack] {
            var cursor = started()
            cursor.ask(reason)
            #expect(cursor.next(at: .zero) == .all(reason))
            cursor.finished(.from(0), time: 10_000_000, at: .zero)
            #expect(cursor.next(at: .zero) == .all(reason))
            cursor.finished(.all(reason), time: 10_000_000, at: .zero)
            #expect(cursor.next(at: .zero) != .all(reason))
        }
    }

    @Test("A record that names an unseen one before it makes everything be listed once")
    func missing() {
        var cursor = started()
        cursor.saw(stamp(100), previous: 0)
        cursor.saw(stamp(200), previous: 100)
        #expect(cursor.unseen == 0)
        cursor.saw(stamp(300, by: 2), previous: 250)
        #expect(cursor.unseen == 1)
        #expect(cursor.next(at: .zero) == .all(.missing))
        cursor.finished(.all(.missing), time: 10_000_000, at: .zero)
        #expect(cursor.unseen == 0)
        // The overlap shows the same record again.
        cursor.saw(stamp(300, by: 2), previous: 250)
        #expect(cursor.next(at: .zero) != .all(.missing))
    }

    @Test("However many records name what never was, everything is listed for that once an hour at most")
    func missingAgain() {
        var cursor = started()
        var count = 0
        for minute in 0..<150 {
            let now: Duration = .seconds(60 * minute)
            cursor.saw(stamp(1_000 + 10 * UInt64(minute)), previous: 999 + 10 * UInt64(minute))
            guard cursor.next(at: now) == .all(.missing) else { continue }
            count += 1
            cursor.finished(.all(.missing), time: 10_000_000, at: now)
        }
        #expect(count == 3)
    }

    @Test("A record that comes late is missing no more")
    func late() {
        var cursor = started()
        cursor.saw(stamp(100), previous: 0)
        cursor.saw(stamp(300), previous: 200)
        #expect(cursor.unseen == 1)
        cursor.saw(stamp(200), previous: 100)
        #expect(cursor.unseen == 0)
    }

    @Test("A new generation with a lower time does not hide what is missing")
    func generation() {
        var cursor = started()
        cursor.saw(stamp(9_000), previous: 0)
        cursor.saw(stamp(100, generation: 2), previous: 9_000)
        #expect(cursor.unseen == 0)
        cursor.saw(stamp(120, generation: 2), previous: 110)
        #expect(cursor.unseen == 1)
    }
}
