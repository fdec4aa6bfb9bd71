import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOCore
import NIOPosix

/// A connection to a relay, over a WebSocket or over long polling (`Protocol/http.md`, "Which transport"). It sends
/// frames, and reports the relay's frames in batches.
///
/// A relay connection reads only when the session calls ``read()``, so frames don't pile up here when a relay sends
/// faster than the session handles them. Frames that arrive together with the answer to the WebSocket upgrade are kept
/// until the first ``read()``.
final class RelayConnection: Sendable {
    private enum ActiveTransport {
        /// No transport is open yet, or the transport has ended.
        case none
        case webSocket(WebSocketConnection)
        case longPolling(LongPollConnection)
    }

    private struct State {
        var active = ActiveTransport.none
        /// Whether the relay has answered, or this side has closed the connection and an answer no longer matters.
        var isHeard = false
        /// Whether the transport has ended by itself. A WebSocket may end before `opened` has stored it in `active`.
        var isOver = false
        /// The reports of frames and of the connection's end that came before the first ``read()``; nil after that
        /// call.
        var kept: [ConnectionReport]? = []
        /// Whether the session has closed the connection by ``close()``.
        var isClosed = false
        /// The promise for which ``open(to:tls:by:through:limits:report:)`` waits while long polling opens; nil before
        /// and after.
        var opening: EventLoopPromise<Void>?
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let host: RelayHost
    private let limits: ClientLimits
    private let report: @Sendable (ConnectionReport) -> Void
    private let state: NIOLoopBoundBox<State>

    private init(host: RelayHost, limits: ClientLimits, report: @escaping @Sendable (ConnectionReport) -> Void) {
        self.host = host
        self.limits = limits
        self.report = report
        state = .makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// Connects to the relay, with TLS where the relay's address asks for TLS.
    ///
    /// - Parameters:
    ///   - roots: the certificate authorities that are trusted; unused without TLS.
    ///   - proxies: the settings by which this device chooses a proxy.
    ///   - transport: `webSocket` tries the WebSocket, and then long polling if the WebSocket fails. `longPolling`
    ///     skips the WebSocket, for a relay that long polling has reached before.
    ///   - report: receives the connection's reports. It is called on the connection's event loop.
    /// - Throws: ``PairingError`` with the cause of the failure, as far as it can be known.
    static func open(
        to address: RelayAddress,
        tls roots: TrustedRoots,
        by proxies: ProxySettings,
        through transport: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
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
                // The host was reached but gave no answer: the network may drop WebSockets, or somebody has just
                // stopped the relay.
                if case .relayUnreachable = error.error.kind { report(.stumbled) }
                try await openLongPolling(insteadOf: error.error)
            }
        }
    }

    /// Sends frames, in one write where the transport allows that.
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

    /// Asks for the next batch of frames, which `report` receives when frames have arrived.
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

    /// Closes the connection once all frames are sent. The caller can ignore reports that come later.
    ///
    /// - Returns: a future that completes when the connection is closed, after ``ClientLimits/goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let active = state.value.active
            state.value.isHeard = true
            state.value.isClosed = true
            state.value.kept = nil
            // The transport's report closure holds this connection. If this connection went on holding the transport,
            // the two would keep each other in memory for ever.
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

    private func heard(_ news: ConnectionReport) {
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

    /// - Parameter failure: the reason why the WebSocket failed; nil if no WebSocket was tried.
    private func startLongPolling(insteadOf failure: PairingError?) {
        let connection = LongPollConnection(to: host, on: loop, limits: limits, insteadOf: failure) { self.heard($0) }
        state.value.active = .longPolling(connection)
    }
}
