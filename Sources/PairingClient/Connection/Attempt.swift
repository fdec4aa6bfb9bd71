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

    /// What went wrong; the first cause is the one that counts, for the others follow from it.
    func fail(_ error: PairingError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// It took too long.
    func giveUp(_ channel: (any Channel)?) {
        fail(host.silence(in: phase))
        channel?.close(promise: nil)
    }

    /// What a person is told.
    ///
    /// - Parameter error: what ended it, for want of anything better.
    func failure(_ error: any Error) -> PairingError {
        state.withLock { $0.failure } ?? host.explained(error, in: phase)
    }
}

/// The wall clock, as certificates and dates in HTTP have it.
enum Clock {
    /// Since 1970.
    static var seconds: Int { time(nil) }
}
