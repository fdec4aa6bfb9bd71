import EasySetupFleetStore
package import EasySetupRelayCore

/// The counts that an event loop keeps of its own connections. Only code on the loop uses it, so a count is an addition and
/// nothing else: each field is a field of its own that is read and then stored, because Swift's runtime checks an
/// access that changes a field in place.
final class LoopCounts {
    /// The bytes that were read from and written to connections, without TLS: those of HTTP requests before the
    /// connection became a WebSocket among them.
    private(set) var receivedBytes = 0
    private(set) var sentBytes = 0
    /// Whether the times of messages are counted. To do so takes a twentieth of a message's instructions, most of them
    /// for a second look at the clock.
    let timesMessages: Bool
    /// Messages that the loop has written since its batch of events began; always 0 if messages are not timed.
    private var messages = 0
    /// From the decision about a message to its writing, other loops included.
    private(set) var relaying = Histogram(bounds: .ofMachines)
    /// How late the loop was at each measurement.
    private(set) var lag = Histogram(bounds: .ofMachines)
    /// The time from a question to the store that relays share to its answer: those about rooms, and messages.
    private(set) var directory = Histogram(bounds: .ofMachines)
    private(set) var publishing = Histogram(bounds: .ofMachines)
    /// How late the loop was since the last sample of the status page.
    private var lagWindow = LagWindow()

    /// - Parameter timesMessages: whether ``relaying`` is counted.
    init(timesMessages: Bool) {
        self.timesMessages = timesMessages
    }

    func received(_ bytes: Int) {
        receivedBytes = receivedBytes &+ bytes
    }

    func sent(_ bytes: Int) {
        sentBytes = sentBytes &+ bytes
    }

    func messageSent() {
        if timesMessages { messages = messages &+ 1 }
    }

    /// Whether the loop has written messages whose times are not counted yet.
    var hasMessages: Bool { messages != 0 }

    /// Counts the messages of a batch of events, which all took at most `time`.
    func messagesWritten(in time: Duration) {
        relaying.add(time, times: messages)
        messages = 0
    }

    func wasLate(by time: Duration) {
        lag.add(time)
        lagWindow.add(time)
    }

    func answered(_ question: StoreQuestion, in time: Duration) {
        switch question {
        case .claim, .find, .take: directory.add(time)
        case .publish: publishing.add(time)
        }
    }

    func endLagWindow() {
        lagWindow = LagWindow()
    }

    /// A copy for another thread.
    var status: LoopStatus {
        LoopStatus(
            receivedBytes: receivedBytes,
            sentBytes: sentBytes,
            relaying: relaying,
            lag: lag,
            lagWindow: lagWindow,
            directory: directory,
            publishing: publishing
        )
    }
}

/// The counts of an event loop.
package struct LoopStatus: Sendable {
    package let receivedBytes: Int
    package let sentBytes: Int
    package let relaying: Histogram
    package let lag: Histogram
    /// The lag since the last sample of the status page.
    package let lagWindow: LagWindow
    /// From a question to the store that relays share to its answer: those about rooms, and messages.
    package let directory: Histogram
    package let publishing: Histogram
}
