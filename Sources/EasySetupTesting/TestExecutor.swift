import Dispatch
import Synchronization

/// The executor of all tasks of the clients in a test. It runs one job at a time, in the order in which they came, and
/// tells when no job is left, which means that every task waits.
final class TestExecutor: TaskExecutor {
    private struct State {
        var count = 0
        var unfinished = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue = DispatchQueue(label: "easysetup.testing")
    private let state = Mutex(State())

    /// The number of jobs that have come so far.
    var count: Int { state.withLock(\.count) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { state in
            state.count += 1
            state.unfinished += 1
        }
        queue.async { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
            finished()
        }
    }

    /// Waits until no job is left.
    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.unfinished > 0 { state.waiting.append(continuation) }
                return state.unfinished == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    private func finished() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.unfinished -= 1
            guard state.unfinished == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
