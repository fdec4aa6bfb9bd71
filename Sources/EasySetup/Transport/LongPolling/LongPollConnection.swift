import NIOCore
import RelayWire

/// One connection through a relay's HTTP door: does what ``Calls`` wants done, with two sockets, one for each kind of call.
final class HTTPConnection: Sendable {
    private struct State {
        var calls: Calls
        var opening: Scheduled<Void>?
        var goodbye: EventLoopPromise<Void>?
    }

    private let loop: any EventLoop
    private let limits: ClientLimits
    private let report: @Sendable (RelayConnection.Report) -> Void
    private let state: NIOLoopBoundBox<State>
    private let sending: CallSocket
    private let polling: CallSocket

    /// Knocks at the door at once. This and all else is to be called on the loop.
    ///
    /// - Parameters:
    ///   - failure: why the WebSocket was not to be had; it is what is reported when this door is shut too.
    ///   - report: called on the loop, never before this returns: `through` when the door is open, then frames, and `closed`.
    init(
        to host: RelayHost,
        on loop: any EventLoop,
        limits: ClientLimits,
        insteadOf failure: PairingError?,
        report: @escaping @Sendable (RelayConnection.Report) -> Void
    ) {
        self.loop = loop
        self.limits = limits
        self.report = report
        let calls = Calls(connection: .random(), limits: limits, insteadOf: failure)
        state = NIOLoopBoundBox(State(calls: calls), eventLoop: loop)
        sending = CallSocket(to: host, on: loop, limits: limits)
        polling = CallSocket(to: host, on: loop, limits: limits)
        state.value.opening = loop.scheduleTask(in: TimeAmount(limits.connectTimeout)) {
            self.perform(self.state.value.calls.openingTookTooLong())
        }
        perform(state.value.calls.knock())
    }

    /// Sends frames together.
    func send(_ frames: [DeviceFrame]) {
        perform(state.value.calls.send(frames))
    }

    /// Asks for the next batch.
    func read() {
        perform(state.value.calls.read())
    }

    /// Says what is unsaid, and that it is the end.
    ///
    /// - Returns: when the relay has heard it, ``ClientLimits/goodbye`` at the latest.
    func close() -> EventLoopFuture<Void> {
        if let goodbye = state.value.goodbye { return goodbye.futureResult }
        let promise = loop.makePromise(of: Void.self)
        state.value.goodbye = promise
        let timer = loop.scheduleTask(in: TimeAmount(limits.goodbye)) { self.perform(self.state.value.calls.giveUp()) }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        perform(state.value.calls.close())
        return promise.futureResult
    }

    private func perform(_ steps: [Calls.Step]) {
        for step in steps {
            switch step {
            case .call(let kind, let body): call(kind, body)
            case .pause(let kind, let time):
                loop.scheduleTask(in: TimeAmount(time)) { self.perform(self.state.value.calls.pauseIsOver(kind)) }
            case .heard:
                state.value.opening?.cancel()
                report(.through(.http))
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

    private func call(_ kind: Calls.Kind, _ body: [UInt8]) {
        let answer: EventLoopFuture<CallAnswer> =
            switch kind {
            case .send: sending.call(Door.sendPath, body: body, timeout: limits.callTimeout)
            case .poll: polling.call(Door.pollPath, body: body, timeout: limits.pollWait + limits.callTimeout)
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

extension CallConnection {
    /// A new one, from the system's cryptographic source.
    fileprivate static func random() -> CallConnection {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let connection = CallConnection(bytes) else { preconditionFailure("it has as many bytes as it should") }
        return connection
    }
}
