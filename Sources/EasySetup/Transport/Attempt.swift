import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How far one attempt to connect got, and what went wrong first. The handlers of its pipeline say so; whoever waits for the
/// connection reads it.
final class Attempt: Sendable {
    /// In this order.
    enum Phase: Sendable {
        /// TCP, to the proxy where there is one.
        case connecting
        /// The proxy was asked for a tunnel.
        case tunnelling
        /// TLS with the relay, where it is wanted.
        case securing
        /// The relay's host is reached, and has shown its certificate where one is wanted.
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

    /// Whether the upgrade was answered, or never will be.
    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Notes the attempt's error. The first error counts because later ones follow from it.
    func fail(_ error: PairingError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// It took too long.
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

/// The wall clock, as certificates and dates in HTTP have it.
enum Clock {
    /// Since 1970.
    static var seconds: Int { time(nil) }
}
