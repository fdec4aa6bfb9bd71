import EasySetupPairingSession
import NIOCore
import Synchronization

/// The progress of one attempt to connect, and its first error. The handlers of the channel's pipeline write both; the
/// code that waits for the connection reads them.
final class Attempt: Sendable {
    /// The phases of an attempt to connect to the relay, in their order.
    enum Phase: Sendable {
        /// The system looks up the IP addresses of the proxy if there is one, or else those of the relay.
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

    private let route: Route
    private let state: Mutex<State>

    init(on route: Route) {
        self.route = route
        // A host that is an IP address needs no lookup.
        state = Mutex(State(phase: IPAddress.bytes(route.next) == nil ? .resolving : .connecting))
    }

    var phase: Phase {
        get { state.withLock { $0.phase } }
        set { state.withLock { $0.phase = newValue } }
    }

    var hasArrived: Bool { phase == .arrived }

    /// Notes that an IP address of the host to which TCP connects (the proxy if there is one, or else the relay) is
    /// known. A host may have several addresses, so callers may call this function more than once.
    func resolved() {
        state.withLock { if $0.phase == .resolving { $0.phase = .connecting } }
    }

    /// Whether the server has answered the request for a WebSocket upgrade, or can't answer it any more.
    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Notes an error of this attempt to connect. Only the first error is kept, because later ones follow from it.
    func fail(_ error: PairingError) {
        state.withLock { if $0.failure == nil { $0.failure = error } }
    }

    /// Ends this attempt to connect because it took too long, and closes the attempt's channel if one is given.
    func giveUp(_ channel: (any Channel)?) {
        fail(route.silence(in: phase))
        channel?.close(promise: nil)
    }

    /// The error to show to a person: the one that ``fail(_:)`` noted, or else an explanation of `error`.
    /// - Parameter error: the error that ended this attempt to connect.
    func failure(_ error: any Error) -> PairingError {
        state.withLock { $0.failure } ?? route.explained(error, in: phase)
    }
}

/// The hosts on the way to a relay, each a name or an IP address.
struct Route: Sendable {
    let relay: String
    /// The proxy; nil where there is none.
    let proxy: String?

    /// The host to which TCP connects: the proxy if there is one, or else the relay.
    var next: String { proxy ?? relay }

    /// The explanation of an error that no handler of the pipeline has explained, by the phase in which the error came.
    func explained(_ error: any Error, in phase: Attempt.Phase) -> PairingError {
        if let error = error as? PairingError { return error }
        switch phase {
        case .resolving where Self.isTimeout(error): return silence(in: phase)
        case .resolving where proxy != nil, .connecting where proxy != nil:
            return .proxyFailed(.unreachable(Unreachable(error, to: next)))
        case .tunnelling: return .proxyFailed(.cut)
        case .resolving, .connecting, .securing, .arrived: return PairingError(connecting: error, to: relay)
        }
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if case ChannelError.connectTimeout = error { true } else { false }
    }

    /// The error for a timeout in this phase.
    func silence(in phase: Attempt.Phase) -> PairingError {
        switch phase {
        case .resolving where proxy != nil: .proxyFailed(.unreachable(.nameLookup(next)))
        case .resolving: .relayUnreachable(.nameLookup(next))
        case .connecting where proxy != nil: .proxyFailed(.unreachable(.noAnswer))
        case .tunnelling: .proxyFailed(.silent)
        case .connecting, .securing, .arrived: .relayUnreachable(.noAnswer)
        }
    }
}
