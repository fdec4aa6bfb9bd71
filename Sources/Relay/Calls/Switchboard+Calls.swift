import NIOCore
import NIOHTTP1
import RelayWire
import Rendezvous

/// The HTTP door: requests as they come and go on a connection, and the devices that speak through them
/// (`Protocol/http.md`, "Connections").
extension Switchboard {
    /// What a call is answered.
    enum CallAnswer {
        /// 200, with this body.
        case body([UInt8])
        /// With what is told in `Retry-After`, zero for nothing.
        case refuse(FrontDoor.Refusal, retryAfter: Duration = .zero)
        /// The answer comes later, by ``FrontDoorHandler/answer(_:)``.
        case later
    }

    /// A call has come whole, on a connection. `headers` say from which address.
    func received(_ call: FrontDoor.Call, body: [UInt8], headers: HTTPHeaders, on line: ConnectionID) -> CallAnswer {
        switch call {
        case .send:
            guard let call = try? SendCall(parsing: body) else { return .refuse(.badBody) }
            return received(call, headers: headers, on: line)
        case .poll:
            guard let call = try? PollCall(parsing: body) else { return .refuse(.badBody) }
            switch desk.poll(call, by: line, now: loop.now) {
            case .unknown: return .refuse(.unknownConnection)
            case .gap: return .refuse(.gap)
            case .waits(let id):
                lines[line]?.poller = id
                countsAsIdle(false, line)
                return .later
            }
        }
    }

    private func received(_ call: SendCall, headers: HTTPHeaders, on line: ConnectionID) -> CallAnswer {
        if desk.id(of: call.connection) == nil {
            guard call.first == 1, !call.frames.isEmpty else { return .refuse(.unknownConnection) }
            if let refused = open(call.connection, headers: headers, on: line) { return refused }
        }
        guard let id = desk.id(of: call.connection) else { return .refuse(.unknownConnection) }
        guard let frames = desk.take(call, of: id) else { return .refuse(.gap) }
        for bytes in frames where desk.isOpen(id) {
            received(bytes, from: id)
        }
        if call.isClosing, desk.isOpen(id) {
            desk.close(id, now: loop.now)
            disconnect(id)
        }
        // What came of the frames may have been too much for it.
        guard let have = desk.have(of: id) else { return .refuse(.unknownConnection) }
        return .body(SendAnswer(have: have).serialized())
    }

    private func received(_ bytes: [UInt8], from id: ConnectionID) {
        if let frame = try? DeviceFrame(parsing: bytes) {
            rendezvous.received(frame, from: id, now: clock.now, entropy: &generator, into: &actions)
        } else {
            note(.badFrame)
            rendezvous.receivedBadFrame(from: id, now: clock.now, into: &actions)
        }
        act()
    }

    /// Lets a new device in. Nil when it is; who isn't leaves nothing behind, so a flood of these costs no memory.
    private func open(_ connection: CallConnection, headers: HTTPHeaders, on line: ConnectionID) -> CallAnswer? {
        switch phase {
        case .serving, .draining: break
        case .ending, .ended: return .refuse(.draining, retryAfter: limits.closingTime)
        }
        guard !isFull, let prefix = prefix(of: line, headers: headers) else {
            return .refuse(.relayFull, retryAfter: limits.retryAfter)
        }
        let id = nextID()
        if let refusal = rendezvous.connected(id, from: prefix, now: clock.now) {
            note(.turnedAway)
            return .refuse(FrontDoor.Refusal(refusal.reason), retryAfter: refusal.retryAfter)
        }
        desk.open(connection, as: id, now: loop.now)
        return nil
    }

    /// A frame for a device that comes through calls, or for none at all.
    func send(_ frame: RelayFrame, toCallsOf id: ConnectionID) {
        guard !desk.send(frame.serialized(), to: id) else { return }
        note(.slowReader)
        desk.forget(id)
        disconnect(id)
    }

    private func disconnect(_ id: ConnectionID) {
        rendezvous.disconnected(id, now: clock.now, into: &actions)
        act()
    }

    /// Answers the polls for which there is something by now. Says whether there was any: more may have come of it.
    func answerPolls() -> Bool {
        let answers = desk.takeAnswers(now: loop.now)
        for (line, answer) in answers {
            lines[line]?.poller = nil
            countsAsIdle(true, line)
            lines[line]?.door?.answer(answer.map { .body($0.serialized()) } ?? .refuse(.unknownConnection))
        }
        return !answers.isEmpty
    }

    /// Closes what has been idle or absent for too long.
    func callDeadlinesPassed(now: NIODeadline) {
        for id in desk.deadlinesPassed(now: now) {
            note(.absent)
            disconnect(id)
        }
        while let id = idles.popDue(now: now) {
            guard let line = lines[id], line.device == nil, !line.isClosing else { continue }
            if line.wasUsed || line.isReading || line.poller != nil {
                lines[id]?.wasUsed = false
                idles.add(id, now: now)
            } else {
                line.channel.close(promise: nil)
            }
        }
    }
}

// MARK: - Requests on a connection

extension Switchboard {
    /// Who answers the requests of a connection from now on; nil when it takes no more.
    func serves(_ door: FrontDoorHandler?, _ id: ConnectionID) {
        lines[id]?.door = door
    }

    /// The first bytes of another request have come. To be called once for each, but for the first; more often does no harm.
    func requestBegan(on id: ConnectionID) {
        guard let line = lines[id], !line.isReading else { return }
        lines[id]?.isReading = true
        lines[id]?.requests += 1
        openings.add(Opening(line: id, request: line.requests + 1), now: loop.now)
        setAlarm()
    }

    /// Bodies of so many bytes are kept for a connection now.
    func keeps(_ bytes: Int, on id: ConnectionID) {
        guard let line = lines[id] else { return }
        bodyBytes += bytes - line.bodyBytes
        lines[id]?.bodyBytes = bytes
    }

    /// Whether the relay has no place for what a connection keeps. For what a call with one frame needs there always is.
    func keepsTooMuch(on id: ConnectionID) -> Bool {
        guard bodyBytes > limits.bodyBytesInAll, let line = lines[id], line.bodyBytes > WireLimits.frameBytes else {
            return false
        }
        note(.refusedRequest)
        return true
    }

    /// A request has come whole.
    func requestEnded(on id: ConnectionID) {
        guard let line = lines[id] else { return }
        // It is idle for the first time.
        if line.isReading, line.requests == 1 { idles.add(id, now: loop.now) }
        lines[id]?.isReading = false
        lines[id]?.wasUsed = true
    }

    /// A connection has had its last answer, and its peer is still sending: it may read the answer first.
    func lingers(_ id: ConnectionID) {
        lines[id]?.isReading = false
        lines[id]?.isClosing = true
        closings.add(id, now: loop.now)
        setAlarm()
    }
}

extension FrontDoor.Refusal {
    /// For the reasons for which a new connection is not let in.
    fileprivate init(_ reason: Reason) {
        switch reason {
        case .draining: self = .draining
        case .tooMany: self = .tooMany
        default: self = .relayFull
        }
    }
}
