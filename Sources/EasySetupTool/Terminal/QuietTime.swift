/// The time without input for which the program waits before it gives the terminal back, so that neither the rest of a
/// paste nor the Enter behind a code that was taken without it reaches the shell.
struct QuietTime: Sendable {
    typealias Moment = ContinuousClock.Instant

    /// The time without input after which a person's answer to a question counts as complete.
    static let pause = Duration.milliseconds(300)
    /// The time without input after which a typed or pasted secret counts as complete. It is longer than ``pause``,
    /// because the network of a remote terminal may delay a part of a paste.
    static let secretPause = Duration.seconds(1)
    /// The time without input after which a paste counts as complete once the program has discarded a part of it,
    /// because no question asked for that part.
    static let longPause = Duration.seconds(2)
    /// The time in which a person may press Enter behind a code that was complete without it.
    static let enterPause = Duration.seconds(1)

    private var since: Moment
    private var time: Duration
    /// Whether an Enter may follow that belongs to nothing.
    private var isEnterAwaited: Bool

    /// - Parameters:
    ///   - lastInput: the moment of the last input that the program has taken.
    ///   - pause: the time to wait after it.
    ///   - isEnterAwaited: whether that input was a code that was taken without Enter.
    init(since lastInput: Moment, pause: Duration, isEnterAwaited: Bool) {
        since = lastInput
        time = isEnterAwaited ? max(pause, Self.enterPause) : pause
        self.isEnterAwaited = isEnterAwaited
    }

    /// The time that is left to wait.
    func left(at now: Moment) -> Duration { max(.zero, time - since.duration(to: now)) }

    /// Takes input that the program discards. After the Enter that was awaited little can follow, and after anything else
    /// more of a paste.
    mutating func drop(isEnter: Bool, at now: Moment) {
        time = isEnterAwaited && isEnter ? Self.pause : Self.longPause
        since = now
        isEnterAwaited = false
    }
}

/// The Enter that a person may press behind a code that was taken without it. It is no answer to the next question.
struct AwaitedEnter: Sendable {
    private var end: ContinuousClock.Instant?

    /// Takes note that a code was complete without Enter.
    mutating func expect(at now: ContinuousClock.Instant) {
        end = now + QuietTime.enterPause
    }

    /// Takes the next byte that is typed. Returns whether it is that Enter; no later byte is.
    mutating func takes(_ byte: UInt8, at now: ContinuousClock.Instant) -> Bool {
        guard let end else { return false }
        self.end = nil
        return (byte == 0x0A || byte == 0x0D) && now < end
    }
}
