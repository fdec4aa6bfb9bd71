import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOCore
import NIOPosix

/// A connection to a relay, by whichever transport is open (`Protocol/http.md`, "Which transport"): takes frames, and
/// reports batches of frames.
///
/// It reads only on request, so nothing piles up here when a relay sends faster than the session handles. Frames that
/// arrive before the first request, with the upgrade's answer, are kept until then.
final class RelayConnection: Sendable {
    /// An event that a connection reports.
    enum Report: Sendable {
        /// The first frame from the relay on this connection arrived, by this transport.
        case through(Transport)
        /// The relay was unavailable for a moment before its first answer.
        case stumbled
        /// A WebSocket was open, but no frame arrived on it, because a proxy may allow upgrades and drop frames.
        /// `closed` follows.
        case unheard
        /// Frames that arrived together; the next batch follows after ``RelayConnection/read()``.
        case frames([RelayFrame])
        /// The connection is gone.
        case closed(PairingError)
    }

    private enum ActiveTransport {
        /// There is no transport yet, or no longer.
        case none
        case webSocket(WebSocketConnection)
        case longPolling(LongPollConnection)
    }

    private struct State {
        var active = ActiveTransport.none
        /// The relay was heard from, or this side has closed and no longer cares.
        var isHeard = false
        /// Whether the transport has ended by itself, which may happen before it is stored here.
        var isOver = false
        /// The reports before the first read: frames that arrived together, and the end. Nil after it.
        var kept: [Report]? = []
        /// Whether this side has closed the connection.
        var isClosed = false
        /// The promise of the open connection, kept until long polling has opened or failed, where no transport was
        /// open before.
        var opening: EventLoopPromise<Void>?
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let host: RelayHost
    private let limits: ClientLimits
    private let report: @Sendable (Report) -> Void
    private let state: NIOLoopBoundBox<State>

    private init(host: RelayHost, limits: ClientLimits, report: @escaping @Sendable (Report) -> Void) {
        self.host = host
        self.limits = limits
        self.report = report
        state = .makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// Connects, with TLS where the address says so.
    ///
    /// - Parameters:
    ///   - roots: the certificate authorities that are trusted; unused without TLS.
    ///   - proxies: the choice of the proxy.
    ///   - transport: the transport to use: the WebSocket, followed by long polling if it fails; or long polling at once,
    ///     where it was the one that worked before.
    ///   - report: called on the connection's event loop.
    /// - Throws: ``PairingError`` with the cause as far as it can be known.
    static func open(
        to address: RelayAddress,
        tls roots: TrustedRoots,
        by proxies: ProxySettings,
        through transport: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (Report) -> Void
    ) async throws(PairingError) -> RelayConnection {
        let host = try RelayHost(address, trusting: roots, by: proxies)
        let connection = RelayConnection(host: host, limits: limits, report: report)
        do throws(PairingError) {
            try await connection.open(through: transport)
            return connection
        } catch {
            throw await host.explained(error, on: connection.loop, limits: limits)
        }
    }

    private func open(through transport: Transport) async throws(PairingError) {
        switch transport {
        case .longPolling: try await openLongPolling(insteadOf: nil)
        case .webSocket:
            do throws(UpgradeFailure) {
                let webSocket = try await WebSocketConnection.open(to: host, on: loop, limits: limits) {
                    self.heard($0)
                }
                loop.execute { self.opened(webSocket) }
            } catch {
                guard error.mayFallBack else { throw error.error }
                // No answer at all: the network may drop WebSockets, or the relay was just killed.
                if case .relayUnreachable = error.error { report(.stumbled) }
                try await openLongPolling(insteadOf: error.error)
            }
        }
    }

    /// Sends several frames in one write.
    func send(_ frames: [DeviceFrame]) {
        guard !frames.isEmpty else { return }
        loop.execute { [self] in
            switch state.value.active {
            case .none: break
            case .webSocket(let connection): connection.send(frames)
            case .longPolling(let connection): connection.send(frames)
            }
        }
    }

    /// Asks for the next batch of frames, or the first.
    func read() {
        loop.execute { [self] in
            let kept = state.value.kept ?? []
            state.value.kept = nil
            for news in kept { report(news) }
            guard kept.isEmpty else { return }
            switch state.value.active {
            case .none: break
            case .webSocket(let connection): connection.read()
            case .longPolling(let connection): connection.read()
            }
        }
    }

    /// Closes the connection once everything is sent. Later reports can be ignored.
    ///
    /// - Returns: a future that completes when the connection is closed, after ``ClientLimits/goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let active = state.value.active
            state.value.isHeard = true
            state.value.isClosed = true
            state.value.kept = nil
            // The transport's report closure refers to this connection, so this reference would keep both alive for
            // ever.
            state.value.active = .none
            switch active {
            case .none: return loop.makeSucceededVoidFuture()
            case .webSocket(let connection): return connection.close()
            case .longPolling(let connection): return connection.close()
            }
        }
    }

    private func openLongPolling(insteadOf failure: PairingError?) async throws(PairingError) {
        do {
            try await loop.flatSubmit { [self] in
                let opening = loop.makePromise(of: Void.self)
                state.value.opening = opening
                startLongPolling(insteadOf: failure)
                return opening.futureResult
            }
            .get()
        } catch {
            throw PairingError(connecting: error, to: host.address.host)
        }
    }

    private func opened(_ webSocket: WebSocketConnection) {
        guard !state.value.isOver else { return }
        state.value.active = .webSocket(webSocket)
    }

    private func heard(_ news: Report) {
        switch news {
        case .stumbled, .frames, .unheard: break
        case .through:
            state.value.isHeard = true
            state.value.opening?.succeed()
            state.value.opening = nil
        case .closed(let error):
            let isHTTP = if case .longPolling = state.value.active { true } else { false }
            if !isHTTP, !state.value.isHeard { report(.unheard) }
            state.value.active = .none
            state.value.isOver = true
            if let opening = state.value.opening {
                state.value.opening = nil
                return opening.fail(error)
            }
        }
        switch news {
        case .frames where state.value.isClosed: break
        case .frames where state.value.kept != nil, .closed where state.value.kept != nil:
            state.value.kept?.append(news)
        case .through, .stumbled, .unheard, .frames, .closed: report(news)
        }
    }

    /// - Parameter failure: the reason why the WebSocket failed.
    private func startLongPolling(insteadOf failure: PairingError?) {
        let connection = LongPollConnection(to: host, on: loop, limits: limits, insteadOf: failure) { self.heard($0) }
        state.value.active = .longPolling(connection)
    }
}
