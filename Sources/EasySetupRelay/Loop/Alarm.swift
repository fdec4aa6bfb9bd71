import NIOCore

/// The only timer of an event loop. Setting an alarm that is set for an earlier time changes nothing. When the alarm
/// fires too early for a deadline, its owner sets it again. So a deadline that no longer matters costs at most one
/// wake-up, and setting the alarm usually costs one comparison.
final class Alarm: NIOScheduledCallbackHandler {
    private let loop: any EventLoop
    private let grain: TimeAmount
    private let ring: () -> Void
    private var callback: NIOScheduledCallback?
    private(set) var hasEnded = false
    /// When the alarm fires; nil while it is not set.
    private(set) var due: NIODeadline?

    /// - Parameters:
    ///   - grain: the least time from setting the alarm to its firing, so that many deadlines cause few wake-ups.
    ///   - ring: the function that the alarm calls on the loop when it fires. It must not keep the alarm's owner alive.
    init(loop: any EventLoop, grain: Duration, ring: @escaping () -> Void) {
        self.loop = loop
        self.grain = TimeAmount(grain)
        self.ring = ring
    }

    /// Makes the alarm fire at this time, or earlier if it is set for an earlier time; but not before `grain` has
    /// passed from now.
    func set(for deadline: NIODeadline) {
        guard !hasEnded, deadline < due ?? .distantFuture else { return }
        let deadline = max(deadline, loop.now + grain)
        guard deadline < due ?? .distantFuture else { return }
        callback?.cancel()
        callback = nil
        due = nil
        // Scheduling fails only while the event loop shuts down. No deadline matters any more then.
        guard let scheduled = try? loop.assumeIsolated().scheduleCallback(at: deadline, handler: self) else { return }
        (callback, due) = (scheduled, deadline)
    }

    func cancel() {
        callback?.cancel()
        (callback, due) = (nil, nil)
    }

    /// Stops the alarm for good: it can't be set again.
    func end() {
        hasEnded = true
        cancel()
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        (callback, due) = (nil, nil)
        ring()
    }
}
