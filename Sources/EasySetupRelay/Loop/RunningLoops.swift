import NIOCore
import Synchronization

/// The event loops of a relay, for calls from other threads: of the clock, a signal or the operator. Such a call may
/// come while the relay ends, and SwiftNIO allows no work for a loop that has shut down.
final class RunningLoops: Sendable {
    /// The worker of each loop; empty once the relay has ended.
    private let workers: Mutex<[NIOLoopBound<LoopWorker>]>

    init(_ workers: [NIOLoopBound<LoopWorker>]) {
        self.workers = Mutex(workers)
    }

    /// Has the worker of the first loop called on its loop. Does nothing once the relay has ended.
    func first(_ body: @escaping @Sendable (LoopWorker) -> Void) {
        workers.withLock { workers in
            guard let worker = workers.first else { return }
            worker.eventLoop.execute { body(worker.value) }
        }
    }

    /// Has each loop's worker called on its loop. Does nothing once the relay has ended.
    func each(_ body: @escaping @Sendable (LoopWorker) -> Void) {
        workers.withLock { workers in
            for worker in workers { worker.eventLoop.execute { body(worker.value) } }
        }
    }

    /// Asks each loop's worker, on its loop. Nothing once the relay has ended.
    func collect<Part: Sendable>(_ body: @escaping @Sendable (LoopWorker) -> Part) -> [EventLoopFuture<Part>] {
        workers.withLock { workers in workers.map { worker in worker.eventLoop.submit { body(worker.value) } } }
    }

    /// Called before the loops shut down: later calls do nothing.
    func end() {
        workers.withLock { $0 = [] }
    }
}
