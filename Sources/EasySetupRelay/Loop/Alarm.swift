import NIOCore

/// The only timer of a loop. It only moves to earlier times; when it fires too early, it is set again. So a stale
/// deadline costs at most one wake-up, and setting the alarm for a deadline costs one comparison.
final class Alarm: NIOScheduledCallbackHandler {
    private let loop: any EventLoop
    private let grain: TimeAmount
    private let ring: () -> Void
    private var callback: NIOScheduledCallback?
    private(set) var hasEnded = false
    /// When it fires; nil while it is not set.
    private(set) var due: NIODeadline?

    /// - Parameters:
    ///   - grain: the least time between alarms, so that many deadlines cause few wake-ups.
    ///   - ring: called on the loop when the time has come. It must not keep the alarm's owner alive.
    init(loop: any EventLoop, grain: Duration, ring: @escaping () -> Void) {
        self.loop = loop
        self.grain = TimeAmount(grain)
        self.ring = ring
    }

    /// Makes the alarm fire at this time or earlier.
    func set(for deadline: NIODeadline) {
        guard !hasEnded, deadline < due ?? .distantFuture else { return }
        let deadline = max(deadline, loop.now + grain)
        guard deadline < due ?? .distantFuture else { return }
        callback?.cancel()
        callback = nil
        due = nil
        // Scheduling fails only while the loop shuts down; then no deadline matters any more.
        guard let scheduled = try? loop.assumeIsolated().scheduleCallback(at: deadline, handler: self) else { return }
        (callback, due) = (scheduled, deadline)
    }

    func cancel() {
        callback?.cancel()
        (callback, due) = (nil, nil)
    }

    /// Stops the alarm for good.
    func end() {
        hasEnded = true
        cancel()
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        (callback, due) = (nil, nil)
        ring()
    }
}
