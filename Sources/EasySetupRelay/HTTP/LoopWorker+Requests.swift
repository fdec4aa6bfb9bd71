import NIOCore
import NIOHTTP1
import RelayWire
import Rendezvous

/// Connections that carry requests: what the ``RequestMachine`` asks for is done here.
extension Switchboard {
    /// HTTP's handlers read a connection from now on. It is nobody's until a poll waits on it.
    func carryRequests(on line: Line) -> RequestChannel {
        let requests = RequestChannel(limits: limits, isFromProxy: isFromProxy(line))
        line.carry(requests)
        core.change { state, _ in state.admission.isNobody(line.id, line.counted) }
        return requests
    }

    func received(_ part: HTTPServerRequestPart, by requests: RequestChannel, on line: Line) {
        let actions =
            switch part {
            case .head(let head):
                received(head, by: requests)
            case .body(let bytes): requests.tell { $0.received(body: bytes) }
            case .end: requests.tell { $0.receivedEnd() }
            }
        run(actions, requests, on: line)
    }

    private func received(_ head: HTTPRequestHead, by requests: RequestChannel) -> [RequestMachine.Action] {
        let answer = frontDoor.answer(to: head, isDraining: !core.look { $0.lifecycle.isServing })
        let now = loop.now
        return requests.tell { $0.received(head, answer: answer, now: now) }
    }

    func readCompleted(by requests: RequestChannel, on line: Line) {
        run(requests.tell { $0.readCompleted() }, requests, on: line)
        settle()
    }

    func failed(_ error: any Error, _ requests: RequestChannel, on line: Line) {
        run(requests.tell { $0.failed(FrontDoor.Refusal(error)) }, requests, on: line)
    }

    /// A poll that waited on a connection has its answer; nil when its device is not known any more.
    func answerPoll(_ answer: PollAnswer?, on line: Line) {
        countsAsIdle(true, line)
        guard let requests = line.requests else { return }
        let answer = answer.map { CallAnswer.body($0.serialized()) } ?? .refuse(.unknownConnection)
        run(requests.tell { $0.answered(answer) }, requests, on: line)
    }

    private func run(_ actions: [RequestMachine.Action], _ requests: RequestChannel, on line: Line) {
        for action in actions { run(action, requests, on: line) }
    }

    private func run(_ action: RequestMachine.Action, _ requests: RequestChannel, on line: Line) {
        switch action {
        case .watchOpening(let request): deadlines.addOpening(line.id, request: request, now: loop.now)
        case .watchIdleness: deadlines.addIdle(line.id, now: loop.now)
        case .keep(let difference, let total):
            let isBorne = core.change { state, _ in state.keeps(difference, total: total) }
            if difference > 0 { run(requests.tell { $0.weighed(isBorne: isBorne) }, requests, on: line) }
        case .noteRefusal: note(.refusedRequest)
        case .askForBody: requests.askForBody()
        case .call(let call, let body, let headers):
            let answer = answer(to: call, body, headers, on: line)
            run(requests.tell { $0.answered(answer) }, requests, on: line)
        case .respond(let response, let afterwards): respond(response, afterwards, requests, on: line)
        case .handOver(let head): handOver(head, requests, on: line)
        case .close: requests.close()
        }
    }

    private func answer(to call: FrontDoor.Call, _ body: [UInt8], _ headers: HTTPHeaders, on line: Line) -> CallAnswer {
        let prefix = prefix(of: line, headers)
        let answer = core.change { state, context in
            state.received(call, body: body, on: line.id, prefix: prefix, context)
        }
        if case .later = answer { countsAsIdle(false, line) }
        return answer
    }

    /// Whom limits count for a request with these headers. Nil when the connection is gone.
    private func prefix(of line: Line, _ headers: HTTPHeaders) -> AddressPrefix? {
        line.peer.flatMap { addresses.address(peer: $0, headers: headers).prefix }
    }

    private func respond(
        _ response: HTTPResponse,
        _ afterwards: RequestMachine.Afterwards,
        _ requests: RequestChannel,
        on line: Line
    ) {
        let written = requests.write(response, keepsAlive: afterwards == .next)?.assumeIsolated()
        switch afterwards {
        case .next:
            written?.whenSuccess {
                self.run(requests.tell { $0.responseWritten() }, requests, on: line)
                // Nothing else sends the answer to the next request, when nothing has been read meanwhile.
                self.settle()
            }
        case .close: written?.whenComplete { _ in requests.close() }
        case .linger: deadlines.addClosing(line.id, now: loop.now)
        }
    }

    /// HTTP's handlers leave, and the line is a WebSocket.
    private func handOver(_ head: HTTPRequestHead, _ requests: RequestChannel, on line: Line) {
        requests.handOver { behind in
            guard line.upgradeBehindHTTP() else { return }
            let key = Array((head.headers.first(name: "sec-websocket-key") ?? "").utf8)
            let prefix = self.prefix(of: line, head.headers)
            self.upgraded(line, UpgradeAnswer(key: key), from: prefix)
            _ = self.received(behind, on: line)
            self.readCompleted(on: line)
        }
    }
}

extension FrontDoor.Refusal {
    /// What is wrong when the parser fails; nil when it isn't the parser.
    fileprivate init?(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case is HTTPParserError: self = .badRequest
        default: return nil
        }
    }
}
