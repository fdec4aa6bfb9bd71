import Handshake
import NIOCore
import NIOPosix
import RelayWire

/// One connection to a relay, through whichever of its doors is open (`Protocol/http.md`, "Which door"): frames out, batches
/// of frames in.
///
/// It reads only when it is told to, so nothing piles up here when a relay sends faster than the session handles.
final class RelayConnection: Sendable {
    /// What a connection reports.
    enum Report: Sendable {
        /// The relay was heard through this door, for the first time on this connection.
        case through(Door)
        /// Frames that came together; the next come after ``RelayConnection/read()``.
        case frames([RelayFrame])
        /// The connection is gone.
        case closed(PairingError)
    }

    private enum Way {
        /// Not there yet, or there no more.
        case none
        case webSocket(WebSocketConnection)
        case http(HTTPConnection)
    }

    private struct State {
        var way = Way.none
        /// What was sent before the relay was heard on the WebSocket, to be said again at the other door; nil when
        /// there is no going to another.
        var unheard: [DeviceFrame]? = []
        var isReadWanted = false
        /// Kept until the HTTP door is found open or shut, where nothing was open before.
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
    ///   - door: the one to go through: the WebSocket, and the HTTP door where that turns out to be shut; or the HTTP door at
    ///     once, where it was the one that was open before.
    ///   - report: called on the connection's event loop.
    /// - Throws: ``PairingError`` that names the cause as well as it can be known.
    static func open(
        to address: RelayAddress,
        tls roots: TrustedRoots,
        through door: Door,
        limits: ClientLimits,
        report: @escaping @Sendable (Report) -> Void
    ) async throws(PairingError) -> RelayConnection {
        let host = try RelayHost(address, trusting: roots)
        let connection = RelayConnection(host: host, limits: limits, report: report)
        switch door {
        case .http: try await connection.openHTTP(insteadOf: nil)
        case .webSocket:
            do throws(UpgradeFailure) {
                let webSocket = try await WebSocketConnection.open(to: host, on: connection.loop, limits: limits) {
                    connection.heard($0)
                }
                connection.loop.execute { connection.opened(webSocket) }
            } catch {
                guard error.isDoorShut else { throw error.error }
                try await connection.openHTTP(insteadOf: error.error)
            }
        }
        return connection
    }

    /// Sends frames together.
    func send(_ frames: [DeviceFrame]) {
        guard !frames.isEmpty else { return }
        loop.execute { [self] in
            state.value.unheard?.append(contentsOf: frames)
            switch state.value.way {
            case .none: break
            case .webSocket(let connection): connection.send(frames)
            case .http(let connection): connection.send(frames)
            }
        }
    }

    /// Asks for the next batch.
    func read() {
        loop.execute { [self] in
            state.value.isReadWanted = true
            switch state.value.way {
            case .none: break
            case .webSocket(let connection): connection.read()
            case .http(let connection): connection.read()
            }
        }
    }

    /// Closes once everything is sent. Nothing is reported any more that matters.
    ///
    /// - Returns: when the connection is closed, ``ClientLimits/goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let way = state.value.way
            state.value.unheard = nil
            // The way reports to this connection, and would keep it for ever.
            state.value.way = .none
            switch way {
            case .none: return loop.makeSucceededVoidFuture()
            case .webSocket(let connection): return connection.close()
            case .http(let connection): return connection.close()
            }
        }
    }

    private func openHTTP(insteadOf failure: PairingError?) async throws(PairingError) {
        do {
            try await loop.flatSubmit { [self] in
                let opening = loop.makePromise(of: Void.self)
                state.value.opening = opening
                goByHTTP(insteadOf: failure)
                return opening.futureResult
            }
            .get()
        } catch {
            throw PairingError(connecting: error)
        }
    }

    private func opened(_ webSocket: WebSocketConnection) {
        // It may be lost already, and the other door tried.
        guard case .none = state.value.way else { return }
        state.value.way = .webSocket(webSocket)
    }

    private func heard(_ news: Report) {
        let opening = state.value.opening
        state.value.opening = nil
        switch news {
        case .through:
            state.value.unheard = nil
            opening?.succeed()
        case .frames: state.value.isReadWanted = false
        case .closed(.connectionLost) where state.value.unheard != nil:
            // Upgraded, and then not one frame: what lies between lets no WebSocket through.
            return goByHTTP(insteadOf: .connectionLost)
        case .closed(let error):
            state.value.way = .none
            if let opening { return opening.fail(error) }
        }
        report(news)
    }

    /// - Parameter failure: why the WebSocket was not to be had.
    private func goByHTTP(insteadOf failure: PairingError?) {
        let unsaid = state.value.unheard ?? []
        let connection = HTTPConnection(to: host, on: loop, limits: limits, insteadOf: failure) { self.heard($0) }
        state.value.unheard = nil
        state.value.way = .http(connection)
        if !unsaid.isEmpty { connection.send(unsaid) }
        if state.value.isReadWanted { connection.read() }
    }
}
