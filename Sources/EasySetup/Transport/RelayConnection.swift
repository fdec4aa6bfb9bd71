import EasySetupHandshake
import EasySetupRelayProtocol
import NIOCore
import NIOPosix

/// One connection to a relay, through whichever of its transports is open (`Protocol/http.md`, "Which transport"): frames out, batches
/// of frames in.
///
/// It reads only when it is told to, so nothing piles up here when a relay sends faster than the session handles. What comes before
/// that, with the answer to the request for the connection, is kept until then.
final class RelayConnection: Sendable {
    /// What a connection reports.
    enum Report: Sendable {
        /// The relay was heard through this transport, for the first time on this connection.
        case through(Transport)
        /// The relay was away for a moment before its first answer.
        case stumbled
        /// There was a WebSocket, and nothing came through it: what lies between may pass upgrades and no frames. `closed` follows.
        case unheard
        /// Frames that came together; the next come after ``RelayConnection/read()``.
        case frames([RelayFrame])
        /// The connection is gone.
        case closed(PairingError)
    }

    private enum ActiveTransport {
        /// Not there yet, or there no more.
        case none
        case webSocket(WebSocketConnection)
        case longPolling(LongPollConnection)
    }

    private struct State {
        var active = ActiveTransport.none
        /// Whether anything came from the relay, or will not matter.
        var isHeard = false
        /// Whether its way has ended by itself: that may be known before the way is.
        var isOver = false
        /// What came before it was told to read: frames that came together, and the end. Nil from then on.
        var kept: [Report]? = []
        /// Whether nobody listens any more.
        var isClosed = false
        /// Kept until long polling is found open or shut, where nothing was open before.
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
    ///   - roots: who is trusted; used where the address is not plain.
    ///   - proxies: which proxy to go through.
    ///   - transport: the one to go through: the WebSocket, and long polling where that turns out to be shut; or long polling at
    ///     once, where it was the one that was open before.
    ///   - report: called on the connection's event loop.
    /// - Throws: ``PairingError`` that names the cause as well as it can be known.
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
                // No answer at all: it may be the network's way with WebSockets, or a relay that was killed just now.
                if case .relayUnreachable = error.error { report(.stumbled) }
                try await openLongPolling(insteadOf: error.error)
            }
        }
    }

    /// Sends frames together.
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

    /// Asks for the next batch, or the first.
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

    /// Closes once everything is sent. Nothing is reported any more that matters.
    ///
    /// - Returns: when the connection is closed, ``ClientLimits/goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let active = state.value.active
            state.value.isHeard = true
            state.value.isClosed = true
            state.value.kept = nil
            // The way reports to this connection, and would keep it for ever.
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

    /// - Parameter failure: why the WebSocket was not to be had.
    private func startLongPolling(insteadOf failure: PairingError?) {
        let connection = LongPollConnection(to: host, on: loop, limits: limits, insteadOf: failure) { self.heard($0) }
        state.value.active = .longPolling(connection)
    }
}
