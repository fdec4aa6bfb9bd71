import EasySetupFleet
import EasySetupRelayCore
import EasySetupRelayProtocol

/// Long polling. A device's requests may arrive on any loop, so its session belongs to the state that all loops share
/// (`Protocol/http.md`, "Connections").
extension RelayHub.State {
    /// Handles a complete long-polling request, which arrived on `connection`. If the request opens a session, the
    /// relay counts the session under `prefix`.
    mutating func received(
        _ call: HTTPRoutes.Call,
        body: [UInt8],
        on connection: ConnectionID,
        prefix: AddressPrefix?
    ) -> LongPollResponse {
        switch call {
        case .send:
            guard let call = try? SendCall(parsing: body) else { return .refuse(.badBody) }
            let elsewhere = handOn(
                .send,
                call.connection,
                body,
                prefix,
                opens: call.first == 1 && !call.frames.isEmpty,
                on: connection
            )
            return elsewhere ?? received(call, prefix: prefix)
        case .poll:
            guard let call = try? PollCall(parsing: body) else { return .refuse(.badBody) }
            let wait = min(call.wait, calls.longestPoll)
            if let elsewhere = handOn(.poll, call.connection, body, prefix, wait: wait, on: connection) {
                return elsewhere
            }
            return poll(call, on: connection)
        }
    }

    mutating func poll(_ call: PollCall, on connection: ConnectionID) -> LongPollResponse {
        if let id = calls.id(of: call.connection) { count(id) }
        return switch calls.poll(call, by: connection, now: turn.now.monotonic) {
        case .unknown: .refuse(.unknownConnection)
        case .gap: .refuse(.gap)
        case .waits(let id): .later(of: id)
        }
    }

    mutating func received(_ call: SendCall, prefix: AddressPrefix?) -> LongPollResponse {
        let isNew = calls.id(of: call.connection) == nil
        if isNew {
            guard call.first == 1, !call.frames.isEmpty else { return .refuse(.unknownConnection) }
            if let refused = open(call, prefix: prefix) { return refused }
        } else if let id = calls.id(of: call.connection) {
            count(id)
        }
        guard let id = calls.id(of: call.connection) else { return .refuse(.unknownConnection) }
        guard let frames = calls.take(call, of: id) else { return .refuse(.gap) }
        newcomer = isNew ? Newcomer(id: id) : nil
        for bytes in frames where calls.isOpen(id) {
            received(bytes, from: id)
            distributeActions()
        }
        let refusal = newcomer?.refusal
        newcomer = nil
        if let refusal {
            // The relay refuses the device by an HTTP status, so that it need not remember a session.
            calls.forget(id)
            return .refuse(ProblemType(refusal.reason), retryAfter: refusal.retryAfter)
        }
        // The next call may come to another relay even if the session is closed by now, for the last frames.
        if isNew, calls.id(of: call.connection) != nil { fleet?.opened(call.connection, now: turn.now.monotonic) }
        if call.isClosing, calls.isOpen(id) {
            calls.close(id, now: turn.now.monotonic)
            disconnected(id)
        }
        // The session is unknown if it ended while its frames were handled, because the device had too many unread
        // bytes.
        guard let have = calls.have(of: id) else { return .refuse(.unknownConnection) }
        return .body(SendAnswer(have: have).serialized())
    }

    private mutating func received(_ bytes: [UInt8], from id: ConnectionID) {
        turn.counts.longPolling.received &+= 1
        turn.counts.longPolling.receivedBytes &+= bytes.count
        if let frame = try? DeviceFrame(parsing: bytes) {
            guard fleet == nil || !saidElsewhere(frame, id) else { return }
            received(frame, bytes: bytes.count, from: id, crowded: nil)
        } else {
            note(.badFrame)
            receivedBadFrame(from: id)
        }
    }

    /// Counts a request of an existing session. If the device makes too many requests, the relay refuses the device as
    /// after an invalid frame, and closes the session.
    private mutating func count(_ id: ConnectionID) {
        guard !calls.countCall(id, now: turn.now.monotonic) else { return }
        turn.counts.limits.add(.requestsPerInterval)
        note(.badFrame)
        receivedBadFrame(from: id)
        distributeActions()
    }

    /// Opens a session for a device. Returns nil if the relay admits the device, otherwise the refusal. A refused
    /// device leaves no state, so a flood of refusals costs no memory.
    private mutating func open(_ call: SendCall, prefix: AddressPrefix?) -> LongPollResponse? {
        guard rendezvous.lifecycle.takesCallers else { return .refuse(.draining, retryAfter: limits.closingTime) }
        guard let prefix else { return .refuse(.relayFull, retryAfter: limits.retryAfter) }
        let first = call.frames.first.flatMap { try? DeviceFrame(parsing: $0) }
        let id = nextID(loop: nil)
        let isNew = first?.isOfStranger ?? true
        let crowded = admission.refusal(ofCaller: prefix, isNew: isNew, calls.devices, calls.callers)
        if let crowded { noteTurnedAway(crowded) }
        let refusal = crowded ?? rendezvous.connected(id, from: prefix, isHeard: true, &turn)
        if let refusal {
            if crowded == nil { note(.turnedAway) }
            return .refuse(ProblemType(refusal.reason), retryAfter: refusal.retryAfter)
        }
        calls.open(call.connection, as: id, from: prefix, now: turn.now.monotonic)
        admission.notePeak(calls.callers)
        return nil
    }

    /// A session whose first request is being handled.
    struct Newcomer: Sendable {
        let id: ConnectionID
        /// Why the relay refuses the device of this session; nil if it does not.
        var refusal: AdmissionRefusal?
    }

    /// Queues a frame for a long-polling session, and ends the session if its device then has too many unread bytes. A
    /// frame for an unknown session is dropped.
    mutating func send(_ frame: RelayFrame, _ message: RelayMessage? = nil, toCallsOf id: ConnectionID) {
        if newcomer?.id == id, case .refused(let reason, let retryAfter) = frame,
            reason == .relayFull || reason == .tooMany
        {
            newcomer?.refusal = AdmissionRefusal(reason: reason, retryAfter: retryAfter)
        }
        let bytes = message.map { ReceivedFrame(frame, message: $0).serialized() } ?? frame.serialized()
        turn.counts.longPolling.sent &+= 1
        turn.counts.longPolling.sentBytes &+= bytes.count
        guard !calls.send(bytes, to: id) else { return }
        note(.slowReader)
        calls.forget(id)
        disconnected(id)
    }
}

extension ProblemType {
    /// The HTTP problem that tells a new device this reason for refusing it.
    fileprivate init(_ reason: Reason) {
        switch reason {
        case .draining: self = .draining
        case .tooMany: self = .tooMany
        default: self = .relayFull
        }
    }
}
