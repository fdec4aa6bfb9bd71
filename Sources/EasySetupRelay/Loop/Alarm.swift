import NIOCore

/// The one timer of a loop. It only ever moves to an earlier time; when it fires too early, it is set again. So a deadline that has
/// lost its meaning costs at most a wake-up, and setting the alarm for every deadline costs a comparison.
final class Alarm: NIOScheduledCallbackHandler {
    private let loop: any EventLoop
    private let grain: TimeAmount
    private let ring: () -> Void
    private var callback: NIOScheduledCallback?
    private(set) var hasEnded = false
    /// When it fires; nil while it is not set.
    private(set) var due: NIODeadline?

    /// - Parameters:
    ///   - grain: alarms are set no closer than this, so that a crowd of deadlines causes few wake-ups.
    ///   - ring: called on the loop when the time has come. It keeps nothing alive that keeps the alarm.
    init(loop: any EventLoop, grain: Duration, ring: @escaping () -> Void) {
        self.loop = loop
        self.grain = TimeAmount(grain)
        self.ring = ring
    }

    /// Fires at this time or before.
    func set(for deadline: NIODeadline) {
        guard !hasEnded, deadline < due ?? .distantFuture else { return }
        let deadline = max(deadline, loop.now + grain)
        guard deadline < due ?? .distantFuture else { return }
        callback?.cancel()
        callback = nil
        due = nil
        // Scheduling fails when the loop is shutting down: no time goes by any more.
        guard let scheduled = try? loop.assumeIsolated().scheduleCallback(at: deadline, handler: self) else { return }
        (callback, due) = (scheduled, deadline)
    }

    func cancel() {
        callback?.cancel()
        (callback, due) = (nil, nil)
    }

    /// Never fires again.
    func end() {
        hasEnded = true
        cancel()
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        (callback, due) = (nil, nil)
        ring()
    }
}
