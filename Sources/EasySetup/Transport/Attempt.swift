import EasySetupPairingSession
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The progress of one attempt to connect, and its first error. The handlers of its pipeline write it; the code that
/// waits for the connection reads it.
final class Attempt: Sendable {
    /// The phases in their order.
    enum Phase: Sendable {
        /// TCP connects, to the proxy where there is one.
        case connecting
        /// The proxy was asked for a tunnel.
        case tunnelling
        /// TLS with the relay is set up, where the address asks for it.
        case securing
        /// The relay's host is reached, and with TLS it has shown a trusted certificate.
        case arrived
    }

    private struct State {
        var phase = Phase.connecting
        var failure: PairingError?
        var isOver = false
    }

    private let host: RelayHost
    private let state = Mutex(State())

    init(to host: RelayHost) { self.host = host }

    var phase: Phase {
        get { state.withLock { $0.phase } }
        set { state.withLock { $0.phase = newValue } }
    }

    var hasArrived: Bool { phase == .arrived }

    /// Whether the upgrade was answered, or can't be answered any more.
    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Notes the attempt's error. The first error counts because later ones follow from it.
    func fail(_ error: PairingError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// Ends the attempt because it took too long.
    func giveUp(_ channel: (any Channel)?) {
        fail(host.silence(in: phase))
        channel?.close(promise: nil)
    }

    /// The error to show to a person: the noted one, or else an explanation of `error`.
    ///
    /// - Parameter error: the error that ended the attempt.
    func failure(_ error: any Error) -> PairingError {
        state.withLock { $0.failure } ?? host.explained(error, in: phase)
    }
}

/// The wall clock, for certificates and HTTP dates.
enum Clock {
    /// Seconds since 1970.
    static var seconds: Int { time(nil) }
}
