/// The times and limits of a relay's connections to Redis.
package struct RedisLimits: Hashable, Sendable {
    package var resp = RESPLimits()
    /// How long an answer may take before the relay takes itself for cut off.
    package var answer = Duration.seconds(1)
    /// How long the answers to published messages may wait unread. They say that a message was heard, and most of the time
    /// nothing follows from that; so one wake-up reads many of them.
    package var unreadAnswers = Duration.milliseconds(20)
    /// How many of them may wait.
    package var unreadAnswersAtOnce = 512
    /// How long both connections may take until the relay has joined.
    package var opening = Duration.seconds(2)
    /// How often the relay looks whether data were lost, which also shows whether the server answers.
    package var look = Duration.seconds(1)
    /// How long the connection of the messages may be silent before the relay asks whether the server is there.
    package var silence = Duration.seconds(2)
    /// The pauses before the relay connects again. Each is twice as long as the one before.
    package var shortestPause = Duration.milliseconds(100)
    package var longestPause = Duration.seconds(2)
    /// How long the relay must have been joined for its next pause to be the shortest again.
    package var settled = Duration.seconds(5)
    /// The bytes that wait for a server that takes in less than the relay says.
    package var unsentBytes = 4 << 20
    /// The questions that may be without an answer at a time.
    package var unanswered = 16_384
    /// The bytes of a message: what fits into an answer, with its channel.
    package var messageBytes = 65_000

    package init() {}

    /// The pause before the next attempt, after so many that failed in a row: between half and all of its greatest length, so
    /// that relays that were cut off together do not come back together.
    func pause(after failures: Int, using random: inout any RandomNumberGenerator & Sendable) -> Duration {
        var pause = shortestPause
        for _ in 0..<min(failures, 30) where pause < longestPause { pause *= 2 }
        let half = min(pause, longestPause) / 2
        return half + half * Int.random(in: 0...1_000, using: &random) / 1_000
    }
}
