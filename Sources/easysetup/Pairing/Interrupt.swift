import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Control-C and SIGTERM stop a pairing on both sides instead of just ending the process; a second one ends it.
enum Interrupt {
    /// Runs a body whose task is cancelled by the first signal.
    static func cancels<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
        let task = Task { await body() }
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                task.cancel()
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
        defer {
            sources.forEach { $0.cancel() }
        }
        return await task.value
    }
}
