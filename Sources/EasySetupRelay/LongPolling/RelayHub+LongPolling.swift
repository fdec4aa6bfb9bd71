import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// Long polling: devices that speak through requests, whichever loop brings those (`Protocol/http.md`, "Connections").
extension RelayHub.State {
    /// A call has come whole, on a connection. `prefix` says whom limits count a new device for.
    mutating func received(
        _ call: HTTPRoutes.Call,
        body: [UInt8],
        on connection: ConnectionID,
        prefix: AddressPrefix?,
        _ context: RelayHub.Context
    ) -> LongPollResponse {
        switch call {
        case .send:
            guard let call = try? SendCall(parsing: body) else { return .refuse(.badBody) }
            return received(call, prefix: prefix, context)
        case .poll:
            guard let call = try? PollCall(parsing: body) else { return .refuse(.badBody) }
            if let id = calls.id(of: call.connection) { count(id, context) }
            switch calls.poll(call, by: connection, now: context.now) {
            case .unknown: return .refuse(.unknownConnection)
            case .gap: return .refuse(.gap)
            case .waits(let id): return .later(of: id)
            }
        }
    }

    private mutating func received(
        _ call: SendCall,
        prefix: AddressPrefix?,
        _ context: RelayHub.Context
    ) -> LongPollResponse {
        let isNew = calls.id(of: call.connection) == nil
        if isNew {
            guard call.first == 1, !call.frames.isEmpty else { return .refuse(.unknownConnection) }
            if let refused = open(call, prefix: prefix, context) { return refused }
        } else if let id = calls.id(of: call.connection) {
            count(id, context)
        }
        guard let id = calls.id(of: call.connection) else { return .refuse(.unknownConnection) }
        guard let frames = calls.take(call, of: id) else { return .refuse(.gap) }
        newcomer = isNew ? Newcomer(id: id) : nil
        for bytes in frames where calls.isOpen(id) {
            received(bytes, from: id, context)
            distributeActions(context)
        }
        let refusal = newcomer?.refusal
        newcomer = nil
        if let refusal {
            // Told by status, so that nothing of it has to be remembered.
            calls.forget(id)
            return .refuse(HTTPRoutes.Problem(refusal.reason), retryAfter: refusal.retryAfter)
        }
        if call.isClosing, calls.isOpen(id) {
            calls.close(id, now: context.now)
            rendezvous.disconnected(id, now: context.moment, into: &actions)
        }
        // What came of the frames may have been too much for it.
        guard let have = calls.have(of: id) else { return .refuse(.unknownConnection) }
        return .body(SendAnswer(have: have).serialized())
    }

    private mutating func received(_ bytes: [UInt8], from id: ConnectionID, _ context: RelayHub.Context) {
        if let frame = try? DeviceFrame(parsing: bytes) {
            received(frame, bytes: bytes.count, from: id, crowded: nil, context)
        } else {
            note(.badFrame)
            rendezvous.receivedBadFrame(from: id, now: context.moment, into: &actions)
        }
    }

    /// A call has come of a device that is known. One that makes too many is lost, as for a frame that it may not send.
    private mutating func count(_ id: ConnectionID, _ context: RelayHub.Context) {
        guard !calls.countCall(id, now: context.now) else { return }
        note(.badFrame)
        rendezvous.receivedBadFrame(from: id, now: context.moment, into: &actions)
        distributeActions(context)
    }

    /// Lets a new device in. Nil when it is; who isn't leaves nothing behind, so a flood of these costs no memory.
    private mutating func open(
        _ call: SendCall,
        prefix: AddressPrefix?,
        _ context: RelayHub.Context
    ) -> LongPollResponse? {
        guard lifecycle.takesCallers else { return .refuse(.draining, retryAfter: limits.closingTime) }
        guard let prefix else { return .refuse(.relayFull, retryAfter: limits.retryAfter) }
        let first = call.frames.first.flatMap { try? DeviceFrame(parsing: $0) }
        let id = nextID(loop: nil)
        let refusal =
            admission.refusal(ofCaller: prefix, isNew: first?.isOfStranger ?? true, calls.devices, callers)
            ?? rendezvous.connected(id, from: prefix, now: context.moment, isHeard: true)
        if let refusal {
            note(.turnedAway)
            return .refuse(HTTPRoutes.Problem(refusal.reason), retryAfter: refusal.retryAfter)
        }
        calls.open(call.connection, as: id, from: prefix, now: context.now)
        admission.notePeak(callers)
        return nil
    }

    /// A device whose first call is in hand.
    struct Newcomer: Sendable {
        let id: ConnectionID
        /// Why there is no place for it.
        var refusal: AdmissionRefusal?
    }

    /// A frame for a device that comes through calls, or for none at all.
    mutating func send(_ frame: RelayFrame, toCallsOf id: ConnectionID, _ context: RelayHub.Context) {
        if newcomer?.id == id, case .refused(let reason, let retryAfter) = frame,
            reason == .relayFull || reason == .tooMany
        {
            newcomer?.refusal = AdmissionRefusal(reason: reason, retryAfter: retryAfter)
        }
        let latest = frame.flushesImmediately ? nil : context.now + TimeAmount(limits.coalescingDelay)
        guard !calls.send(frame.serialized(), to: id, latest: latest) else { return }
        note(.slowReader)
        calls.forget(id)
        rendezvous.disconnected(id, now: context.moment, into: &actions)
    }
}

extension HTTPRoutes.Problem {
    /// For the reasons for which a new connection is not let in.
    fileprivate init(_ reason: Reason) {
        switch reason {
        case .draining: self = .draining
        case .tooMany: self = .tooMany
        default: self = .relayFull
        }
    }
}
