import Dispatch
import PairingClient

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Control-C and SIGTERM stop a pairing on both sides instead of just ending the process; a second one ends it.
enum Interrupt {
    /// Runs a body, and stops the pairing it follows at the first signal; the body then sees how that ends.
    static func cancels<Result: Sendable>(_ pairing: Pairing, _ body: (Pairing) async -> Result) async -> Result {
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                pairing.cancel()
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
        defer {
            sources.forEach { $0.cancel() }
        }
        return await body(pairing)
    }
}
