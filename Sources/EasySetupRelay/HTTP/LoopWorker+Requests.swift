import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// Serves HTTP connections, by carrying out the actions of the ``RequestMachine``.
extension LoopWorker {
    /// Makes the HTTP handlers read a connection from now on, and returns the object that handles its requests. The
    /// connection counts as serving no device until a poll (a request for frames) waits on it.
    /// - Parameter bytes: the first bytes of the connection.
    func carryRequests(on connection: DeviceConnection, beginningWith bytes: ByteBuffer) -> RequestChannel {
        let requests = RequestChannel(
            limits: limits,
            isFromProxy: isFromProxy(connection),
            speaksTLS: bytes.readableBytesView.first == RequestChannel.tlsHandshake
        )
        connection.carry(requests)
        core.change { $0.admission.addIdleSocket(connection.id, connection.counted) }
        return requests
    }

    func received(_ part: HTTPServerRequestPart, by requests: RequestChannel, on connection: DeviceConnection) {
        requests.note(part)
        let actions =
            switch part {
            case .head(let head):
                received(head, by: requests)
            case .body(let bytes): requests.tell { $0.received(body: bytes) }
            case .end: requests.tell { $0.receivedEnd() }
            }
        run(actions, requests, on: connection)
    }

    private func received(_ head: HTTPRequestHead, by requests: RequestChannel) -> [RequestMachine.Action] {
        let answer = routes.answer(to: head, core.read { $0.health })
        let now = loop.now
        return requests.tell { $0.received(head, answer: answer, now: now) }
    }

    /// The HTTP handlers have read all bytes that have been received.
    func readBytes(by requests: RequestChannel, on connection: DeviceConnection) {
        run(requests.tell { $0.checkFraming() }, requests, on: connection)
    }

    func readCompleted(by requests: RequestChannel, on connection: DeviceConnection) {
        run(requests.tell { $0.readCompleted() }, requests, on: connection)
        endTurn()
    }

    func failed(_ error: any Error, _ requests: RequestChannel, on connection: DeviceConnection) {
        run(requests.tell { $0.failed(ProblemType(error)) }, requests, on: connection)
    }

    /// Answers the poll (request for frames) that waits on a connection. `answer` is nil when the relay no longer knows
    /// the poll's session.
    func answerPoll(_ answer: PollAnswer?, on connection: DeviceConnection) {
        respond(answer.map { .body($0.serialized()) } ?? .refuse(.unknownConnection), on: connection)
    }

    /// Answers the call that waits on a connection.
    func respond(_ response: LongPollResponse, on connection: DeviceConnection) {
        // Only a poll waits, and it was answered so before.
        if case .later = response { return }
        setIdle(true, connection)
        guard let requests = connection.requests else { return }
        run(requests.tell { $0.answered(response) }, requests, on: connection)
    }

    private func run(_ actions: [RequestMachine.Action], _ requests: RequestChannel, on connection: DeviceConnection) {
        for action in actions { run(action, requests, on: connection) }
    }

    private func run(_ action: RequestMachine.Action, _ requests: RequestChannel, on connection: DeviceConnection) {
        switch action {
        case .watchOpening(let request):
            alarm.set(for: deadlines.addOpening(connection.id, request: request, now: loop.now))
        case .watchIdleness: alarm.set(for: deadlines.addIdle(connection.id, now: loop.now))
        case .keep(let difference, let total):
            let isAccepted = core.change { $0.reserveBodyBytes(difference, total: total) }
            if difference > 0 {
                run(requests.tell { $0.bodyAccounted(isAccepted: isAccepted) }, requests, on: connection)
            }
        case .noteRefusal(let problem):
            core.change { $0.note(requests.speaksTLS ? .tlsAtPlainPort : .refusedRequest, problem) }
        case .askForBody: requests.askForBody()
        case .call(let call, let body, let headers):
            let answer = answer(to: call, body, headers, on: connection)
            run(requests.tell { $0.answered(answer) }, requests, on: connection)
        case .respond(let response, let afterwards): respond(response, afterwards, requests, on: connection)
        case .handOver(let head): handOver(head, requests, on: connection)
        case .close: requests.close()
        }
    }

    private func answer(
        to call: HTTPRoutes.Call,
        _ body: [UInt8],
        _ headers: HTTPHeaders,
        on connection: DeviceConnection
    ) -> LongPollResponse {
        let prefix = prefix(of: connection, headers)
        let answer = core.change { $0.received(call, body: body, on: connection.id, prefix: prefix) }
        if case .later = answer { setIdle(false, connection) }
        return answer
    }

    /// The address prefix under which the relay counts a request with these headers. Nil when the connection has ended.
    private func prefix(of connection: DeviceConnection, _ headers: HTTPHeaders) -> AddressPrefix? {
        connection.peer.flatMap { addresses.address(peer: $0, headers: headers).prefix }
    }

    private func respond(
        _ response: HTTPResponse,
        _ afterwards: RequestMachine.Afterwards,
        _ requests: RequestChannel,
        on connection: DeviceConnection
    ) {
        let date = dateHeader.value(at: core.utcSeconds)
        let written = requests.write(response, date: date, keepsAlive: afterwards == .next)?.assumeIsolated()
        switch afterwards {
        case .next:
            written?.whenSuccess {
                self.run(requests.tell { $0.responseWritten() }, requests, on: connection)
                // `endTurn` writes the pending output. It is called here because, if the next request has been read
                // already, no other event would cause its answer to be written.
                self.endTurn()
            }
        case .close: written?.whenComplete { _ in requests.close() }
        case .linger: alarm.set(for: deadlines.addClosing(connection.id, now: loop.now))
        }
    }

    /// Removes the HTTP handlers, and then lets the connection continue as a WebSocket.
    private func handOver(_ head: HTTPRequestHead, _ requests: RequestChannel, on connection: DeviceConnection) {
        requests.handOver { behind in
            guard connection.upgradeBehindHTTP() else { return }
            let key = Array((head.headers.first(name: "sec-websocket-key") ?? "").utf8)
            let prefix = self.prefix(of: connection, head.headers)
            self.upgraded(connection, UpgradeAnswer(key: key), from: prefix)
            _ = self.received(behind, on: connection)
            self.readCompleted(on: connection)
        }
    }
}

extension ProblemType {
    /// The problem that the relay reports to the peer for this error of the HTTP parser; nil for other errors, which it
    /// does not report.
    fileprivate init?(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case is HTTPParserError: self = .badRequest
        default: return nil
        }
    }
}
