import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The line that says how long a code lives, or how long a lost connection is waited for; on terminals only.
final class Countdown: Sendable {
    /// Whether a person sees both what is said and what is asked.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    private let output: Output
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(output: Output) {
        self.output = output
    }

    /// Counts down until a moment, or until stopped; `text` stands before the time.
    func start(_ text: String, until deadline: ContinuousClock.Instant) {
        guard output.form == .people, Self.isTerminal else { return }
        let task = Task { [output] in
            while !Task.isCancelled {
                let left = max(0, ContinuousClock.now.duration(to: deadline).components.seconds)
                let seconds = left % 60 < 10 ? "0\(left % 60)" : "\(left % 60)"
                output.prompt("\r\u{1B}[K\(text) \(left / 60):\(seconds). Control-C stops. ")
                try? await Task.sleep(for: .seconds(1))
            }
        }
        self.task.withLock { $0 = task }
    }

    /// Takes the line away.
    func stop() {
        task.withLock { task in
            guard let running = task else { return }
            running.cancel()
            task = nil
            output.prompt("\r\u{1B}[K")
        }
    }
}
