import Foundation
import Synchronization
package import Testing

/// Runs at most four of the tests with this trait at a time. By default all tests start at once. They would then wait
/// for each other's processes, and open more files than a process may have.
package struct InTurn: SuiteTrait, TestTrait, TestScoping {
    package let isRecursive = true

    private static let places = Places(4)

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await Self.places.take()
        defer { Self.places.giveBack() }
        let watched = HangWatch.shared.begin("\(test.name) \(test.displayName ?? "") in \(test.sourceLocation.fileID)")
        defer { HangWatch.shared.end(watched) }
        try await function()
    }

    private final class Places: Sendable {
        private struct State {
            var free: Int
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state: Mutex<State>

        init(_ count: Int) {
            state = Mutex(State(free: count))
        }

        func take() async {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    guard state.free == 0 else {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append(continuation)
                    return false
                }
                if isFree { continuation.resume() }
            }
        }

        func giveBack() {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard !state.waiting.isEmpty else {
                    state.free += 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
            next?.resume()
        }
    }
}

/// Ends the tests when one of them has run for twenty minutes, and says which one and which processes it started. Such a
/// test waits for something that never comes. Without this, whatever runs the tests would end them at last, and nobody
/// would learn the test's name.
private final class HangWatch: Sendable {
    static let shared = HangWatch()
    private static let limit = Duration.seconds(1_200)

    private struct State {
        var running: [Int: (name: String, begin: ContinuousClock.Instant)] = [:]
        var count = 0
    }

    private let state = Mutex(State())

    private init() {
        Thread.detachNewThread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 10)
                let hanging = state.withLock { state in
                    state.running.values.filter { $0.begin.duration(to: .now) > Self.limit }.map(\.name)
                }
                guard !hanging.isEmpty else { continue }
                let names = hanging.map { "error: this test hangs: \($0)\n" }.joined()
                FileHandle.standardError.write(Data("\(names)The processes of the tests:\n".utf8))
                _ = system("ps -eo pid,ppid,etime,stat,wchan:20,args --forest | grep easysetup | cut -c 1-200 >&2")
                _exit(1)
            }
        }
    }

    /// - Returns: the number to give to ``end(_:)``.
    func begin(_ name: String) -> Int {
        state.withLock { state in
            state.count += 1
            state.running[state.count] = (name, .now)
            return state.count
        }
    }

    func end(_ number: Int) {
        state.withLock { $0.running[number] = nil }
    }
}

/// Runs tests that compute for seconds without a pause on threads of their own, because on the shared threads they
/// would delay all tests that wait for an event.
package struct Busy: SuiteTrait, TestTrait, TestScoping {
    package let isRecursive = true

    private static let threads = Threads(ProcessInfo.processInfo.activeProcessorCount)

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Self.threads) { try await function() }
    }

    private final class Threads: TaskExecutor, @unchecked Sendable {
        private let condition = NSCondition()
        private var jobs: [UnownedJob] = []

        init(_ count: Int) {
            for _ in 0..<count {
                let thread = Thread { [self] in work() }
                thread.stackSize = 8 << 20
                thread.start()
            }
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            condition.withLock {
                jobs.append(job)
                condition.signal()
            }
        }

        private func work() {
            while true {
                let job = condition.withLock {
                    while jobs.isEmpty { condition.wait() }
                    return jobs.removeFirst()
                }
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
    }
}

extension Trait where Self == InTurn {
    /// At most four of these tests run at a time, because each starts processes or opens sockets.
    package static var inTurn: InTurn { InTurn() }
}

extension Trait where Self == Busy {
    /// These tests keep a processor busy for seconds, so they run on threads of their own.
    package static var busy: Busy { Busy() }
}
