package import EasySetupPairingSession
package import EasySetupRelayProtocol
import NIOCore
import NIOPosix

/// A WebSocket to a relay that says little, to see what the way does to it.
package final class WebSocketProbe: Sendable {
    private let loop: any EventLoop
    private let connection: WebSocketConnection
    private let first: EventLoopFuture<ReceivedFrame>
    private let ended: EventLoopFuture<Void>

    private init(
        _ connection: WebSocketConnection,
        on loop: any EventLoop,
        first: EventLoopFuture<ReceivedFrame>,
        ended: EventLoopFuture<Void>
    ) {
        (self.connection, self.loop, self.first, self.ended) = (connection, loop, first, ended)
    }

    /// Opens a WebSocket, and never falls back to long polling.
    static func open(to host: RelayHost, limits: ClientLimits) async -> Result<WebSocketProbe, PairingError> {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let first = loop.makePromise(of: ReceivedFrame.self)
        let ended = loop.makePromise(of: Void.self)
        let opened = NIOLoopBoundBox<WebSocketConnection?>.makeBoxSendingValue(nil, eventLoop: loop)
        do throws(UpgradeFailure) {
            let connection = try await WebSocketConnection.open(to: host, on: loop, limits: limits) { report in
                switch report {
                case .through, .stumbled, .unheard: break
                case .frames(let frames):
                    if let received = frames.first { first.succeed(received) }
                    // Without another read the connection would not take the relay's pongs.
                    opened.value?.read()
                case .closed(let error):
                    first.fail(error)
                    ended.succeed()
                    opened.value = nil
                }
            }
            loop.execute {
                opened.value = connection
                connection.read()
            }
            return .success(
                WebSocketProbe(connection, on: loop, first: first.futureResult, ended: ended.futureResult)
            )
        } catch {
            first.fail(error.error)
            ended.succeed()
            return .failure(await host.explained(error.error, on: loop, limits: limits))
        }
    }

    /// Sends a frame, and waits for the relay's first frame, with the operator's message beside it.
    package func send(_ frame: DeviceFrame, timeout: Duration) async -> Result<ReceivedFrame, PairingError> {
        loop.execute { [connection] in connection.send([frame]) }
        let answer = loop.makePromise(of: ReceivedFrame.self)
        first.cascade(to: answer)
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) { answer.fail(PairingError.relayUnreachable(.noAnswer)) }
        defer { timer.cancel() }
        do {
            return .success(try await answer.futureResult.get())
        } catch {
            return .failure(error as? PairingError ?? .connectionLost)
        }
    }

    /// The time from a ping to its pong; nil if none came in time, or the connection has ended.
    package func ping(timeout: Duration) async -> Duration? {
        let start = ContinuousClock.now
        let pong = loop.makePromise(of: Void.self)
        loop.execute { [connection] in connection.ping().cascade(to: pong) }
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) { pong.fail(PairingError.relayUnreachable(.noAnswer)) }
        defer { timer.cancel() }
        guard (try? await pong.futureResult.get()) != nil else { return nil }
        return start.duration(to: .now)
    }

    /// Waits until the connection ends, or until this time is over.
    /// - Returns: whether the connection has ended.
    package func ends(within limit: Duration) async -> Bool {
        let isOver = loop.makePromise(of: Bool.self)
        ended.whenSuccess { isOver.succeed(true) }
        let timer = loop.scheduleTask(in: TimeAmount(limit)) { isOver.succeed(false) }
        defer { timer.cancel() }
        return (try? await isOver.futureResult.get()) ?? true
    }

    /// Sends a last frame and closes the connection.
    package func close(saying frame: DeviceFrame) async {
        try? await loop.flatSubmit { [connection] in
            connection.send([frame])
            return connection.close()
        }
        .get()
    }
}
