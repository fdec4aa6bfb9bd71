/// The time by the store's clock, known from the time in each of its answers and from how long ago that answer came. The
/// device's own date is never asked: only how much time passes by its clock (`Protocol/chain.md`, "Time and listing").
package struct StoreClock: Sendable {
    /// The facts that an answer tells of the store's clock.
    package enum Finding: Hashable, Sendable {
        /// The answer fits what was known.
        case fits
        /// The store's clock shows an earlier time than it must: it was set back by so many milliseconds, so names with
        /// earlier times than expected may come.
        case wentBack(by: UInt64)
        /// The store's clock shows a later time than it must, by so many milliseconds.
        case wentAhead(by: UInt64)
    }

    private struct Reference {
        let time: UInt64
        let at: Duration

        func time(at instant: Duration) -> UInt64 { time + (instant - at).wholeMilliseconds }

        func contradicts(_ told: UInt64, sent: Duration, received: Duration) -> Bool {
            told + StoreClock.rounding + StoreClock.tolerance < time(at: sent)
                || told > time(at: received) + StoreClock.tolerance
        }
    }

    private var reference: Reference?
    /// An answer that contradicts the ones before. It counts when the next answer agrees with it, so that one wrong answer
    /// does no harm.
    private var suspected: Reference?

    /// Makes a clock that knows nothing yet.
    package init() {}

    /// The store's time in milliseconds since 1970; nil before its first answer.
    /// - Parameter instant: the time that has passed by the device's clock since some moment, always the same one.
    package func now(at instant: Duration) -> UInt64? {
        reference.map { $0.time(at: instant) }
    }

    /// Notes the time in an answer.
    /// - Parameters:
    ///   - sent: when the request was sent, by the device's clock. The store has read its clock after that.
    ///   - received: when the answer came.
    package mutating func answered(_ answer: StoreTime, sent: Duration, received: Duration) -> Finding {
        let told = Reference(time: min(answer.milliseconds, Self.lastTime), at: received)
        guard let known = reference else {
            reference = told
            return .fits
        }
        if known.contradicts(told.time, sent: sent, received: received) {
            guard let suspected, !suspected.contradicts(told.time, sent: sent, received: received) else {
                suspected = told
                return .fits
            }
            self.suspected = nil
            reference = told
            let expected = known.time(at: received)
            return told.time < expected ? .wentBack(by: expected - told.time) : .wentAhead(by: told.time - expected)
        }
        suspected = nil
        // The answer corrects how fast the device's own clock goes. Stores tell the time by the second, rounded down, so it
        // is up to a second more than told.
        if told.time > known.time(at: received) {
            reference = told
        } else if told.time + Self.rounding < known.time(at: sent) {
            reference = Reference(time: told.time + Self.rounding, at: received)
        }
        return .fits
    }

    /// The time that stores round down, in milliseconds.
    private static let rounding: UInt64 = 1_000
    /// How far an answer may be off before the clock counts as set, in milliseconds.
    private static let tolerance: UInt64 = 5_000
    /// The latest time that can be written in a name: 13 digits.
    package static let lastTime: UInt64 = 9_999_999_999_999
}

extension Duration {
    /// The whole milliseconds of a duration; 0 for a negative one.
    var wholeMilliseconds: UInt64 {
        guard self > .zero else { return 0 }
        return UInt64(components.seconds) * 1_000 + UInt64(components.attoseconds / 1_000_000_000_000_000)
    }
}

extension Stamp {
    /// The stamp of a new write: by the store's clock, and after every write that is known in this generation, so that a
    /// write that knew another wins over it, whatever clocks do. Nil when no later time can be written.
    /// - Parameters:
    ///   - generation: the generation under which the write is sealed.
    ///   - now: the store's time in milliseconds since 1970.
    ///   - clocks: the greatest time that was seen in each generation.
    ///   - writer: the device that writes.
    package init?(generation: UInt32, now: UInt64, clocks: [UInt32: UInt64], writer: DeviceID) {
        let time = max(now, clocks[generation].map { $0 + 1 } ?? 0, 1)
        guard time <= StoreClock.lastTime else { return nil }
        self.init(generation: generation, time: time, writer: writer)
    }
}
