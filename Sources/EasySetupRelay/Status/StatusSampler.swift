import NIOCore
import Synchronization

/// Keeps the last hour of a relay that has an admin port. A relay without one has no sampler.
final class StatusSampler: Sendable {
    private let collector: StatusCollector
    private let clock: RelayClock
    private let loop: any EventLoop
    private let history: Mutex<StatusHistory>

    /// - Parameter loop: the loop that takes the samples; none of those that serve devices.
    init(_ collector: StatusCollector, clock: RelayClock, limits: AdminLimits = AdminLimits(), loop: any EventLoop) {
        self.collector = collector
        self.clock = clock
        self.loop = loop
        history = Mutex(StatusHistory(startedAt: clock.monotonic, limits: limits))
    }

    /// Takes samples from now on. A clock that jumps has one taken at once if it is due.
    func start() -> RepeatedTask {
        let interval = TimeAmount(history.withLock(\.interval))
        clock.whenMoved { [weak self] in self?.takeIfDue() }
        return loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.takeIfDue()
        }
    }

    private func takeIfDue() {
        let now = clock.monotonic
        guard history.withLock({ $0.isDue(now) }) else { return }
        collector.collect(on: loop, endsLagWindow: true).whenSuccess { [self] status in
            history.withLock { $0.add(StatusSample(status, at: now)) }
        }
    }

    /// The report of the present and the last hour.
    func report(on loop: any EventLoop) -> EventLoopFuture<StatusReport> {
        collector.collect(on: loop).map { [self] status in
            StatusReport(status, history.withLock { $0 }, now: clock.monotonic)
        }
    }
}
