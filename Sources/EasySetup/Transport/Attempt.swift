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

/// The progress of one attempt to connect, and its first error. The handlers of the channel's pipeline write both; the
/// code that waits for the connection reads them.
final class Attempt: Sendable {
    /// The phases in their order.
    enum Phase: Sendable {
        /// The system looks up the name of the next host: the proxy's if there is one, or else the relay's.
        case resolving
        /// The TCP connection is being made: to the proxy if there is one, or else to the relay.
        case connecting
        /// The proxy is reached. TLS with the proxy is set up, if it uses TLS, and the proxy is asked for a tunnel to
        /// the relay.
        case tunnelling
        /// The TLS handshake with the relay is running. Without TLS this phase ends at once.
        case securing
        /// The relay's host is reached, and with TLS it has shown a trusted certificate.
        case arrived
    }

    private struct State {
        var phase: Phase
        var failure: PairingError?
        var isOver = false
    }

    private let host: RelayHost
    private let state: Mutex<State>

    init(to host: RelayHost) {
        self.host = host
        // A host that is an IP address needs no lookup.
        state = Mutex(State(phase: IPAddress.bytes(host.next.host) == nil ? .resolving : .connecting))
    }

    var phase: Phase {
        get { state.withLock { $0.phase } }
        set { state.withLock { $0.phase = newValue } }
    }

    var hasArrived: Bool { phase == .arrived }

    /// Notes that the next host's address is known. A host may have several addresses, so callers may call this
    /// function more than once.
    func resolved() {
        state.withLock { if $0.phase == .resolving { $0.phase = .connecting } }
    }

    /// Whether the server has answered the request for a WebSocket upgrade, or can't answer it any more.
    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Notes the attempt's error. Only the first error is kept, because later ones follow from it.
    func fail(_ error: PairingError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// Ends the attempt because it took too long, and closes the channel if one is given.
    func giveUp(_ channel: (any Channel)?) {
        fail(host.silence(in: phase))
        channel?.close(promise: nil)
    }

    /// The error to show to a person: the one that ``fail(_:)`` noted, or else an explanation of `error`.
    ///
    /// - Parameter error: the error that ended the attempt.
    func failure(_ error: any Error) -> PairingError {
        state.withLock { $0.failure } ?? host.explained(error, in: phase)
    }
}
