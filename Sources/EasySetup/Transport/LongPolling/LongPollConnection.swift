import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOCore

/// A connection by long polling. It carries out the actions of ``LongPollClient`` with two TCP connections, one for
/// each kind of request.
final class LongPollConnection: Sendable {
    private struct State {
        var calls: LongPollClient
        var opening: Scheduled<Void>?
        var goodbye: EventLoopPromise<Void>?
    }

    private let loop: any EventLoop
    private let limits: ClientLimits
    private let report: @Sendable (ConnectionReport) -> Void
    private let state: NIOLoopBoundBox<State>
    private let sending: HTTPChannel
    private let polling: HTTPChannel

    /// Starts to connect at once, with the request that finds out whether the server has long polling. Call this and
    /// all other functions on the event loop.
    ///
    /// - Parameters:
    ///   - failure: the reason why the WebSocket failed, which is reported if this transport fails too.
    ///   - report: called on the loop, but never before this initialiser returns: `through` when the transport is open,
    ///     then frames, and `closed`.
    init(
        to host: RelayHost,
        on loop: any EventLoop,
        limits: ClientLimits,
        insteadOf failure: PairingError?,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.report = report
        let calls = LongPollClient(connection: .random(), limits: limits, insteadOf: failure)
        state = NIOLoopBoundBox(State(calls: calls), eventLoop: loop)
        sending = HTTPChannel(to: host, on: loop, limits: limits)
        polling = HTTPChannel(to: host, on: loop, limits: limits)
        state.value.opening = loop.scheduleTask(in: TimeAmount(limits.connectTimeout)) {
            self.perform(self.state.value.calls.openingTookTooLong())
        }
        perform(state.value.calls.probe())
    }

    /// Sends frames: in a new request or, while a `send` request runs, in the next one.
    func send(_ frames: [DeviceFrame]) {
        perform(state.value.calls.send(frames))
    }

    /// Asks for the next batch of the relay's frames.
    func read() {
        perform(state.value.calls.read())
    }

    /// Sends the remaining frames, and with the last of them tells the relay that the connection ends.
    ///
    /// - Returns: a future that completes when the relay has acknowledged the end, after ``ClientLimits/goodbye`` at
    ///   the latest.
    func close() -> EventLoopFuture<Void> {
        if let goodbye = state.value.goodbye { return goodbye.futureResult }
        let promise = loop.makePromise(of: Void.self)
        state.value.goodbye = promise
        let timer = loop.scheduleTask(in: TimeAmount(limits.goodbye)) { self.perform(self.state.value.calls.giveUp()) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        perform(state.value.calls.close())
        return promise.futureResult
    }

    private func perform(_ steps: [LongPollClient.Step]) {
        for step in steps {
            switch step {
            case .call(let kind, let body): call(kind, body)
            case .pause(let kind, let time):
                loop.scheduleTask(in: TimeAmount(time)) { self.perform(self.state.value.calls.pauseIsOver(kind)) }
            case .heard:
                state.value.opening?.cancel()
                report(.through(.longPolling))
            case .stumbled: report(.stumbled)
            case .deliver(let frames): report(.frames(frames))
            case .closed(let error):
                end()
                report(.closed(error))
            case .finished:
                end()
                state.value.goodbye?.succeed()
            }
        }
    }

    private func call(_ kind: LongPollClient.Kind, _ body: [UInt8]) {
        let answer: EventLoopFuture<HTTPResult> =
            switch kind {
            case .send:
                sending.call(
                    RelayPath.send,
                    body: body,
                    timeout: limits.callTimeout,
                    isProbe: state.value.calls.isProbing
                )
            case .poll: polling.call(RelayPath.poll, body: body, timeout: limits.pollWait + limits.callTimeout)
            }
        answer.whenSuccess {
            self.perform(self.state.value.calls.answered(kind, $0, draw: .random(in: 0..<1)))
        }
    }

    private func end() {
        state.value.opening?.cancel()
        sending.close()
        polling.close()
    }
}

extension LongPollConnectionID {
    /// A new identifier from the system's cryptographic random source.
    static func random() -> LongPollConnectionID {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let connection = LongPollConnectionID(bytes) else {
            preconditionFailure("it has as many bytes as it should")
        }
        return connection
    }
}
