import EasySetupFleet
import EasySetupRelayCore
import EasySetupRelayProtocol

/// Long polling over relays: a device's calls may come to other relays than the one that has its session
/// (`Protocol/fleet.md`, "Long polling").
extension RelayHub.State {
    /// Lets another relay answer a call whose session is not here. Nil if the call is this relay's business.
    mutating func handOn(
        _ kind: LongPollCall.Kind,
        _ session: LongPollConnectionID,
        _ body: [UInt8],
        _ prefix: AddressPrefix?,
        opens: Bool = false,
        wait: Duration = .zero,
        on connection: ConnectionID
    ) -> LongPollResponse? {
        guard fleet != nil, calls.id(of: session) == nil else { return nil }
        let answer = fleet?.handOn(
            kind,
            session,
            body: body,
            from: prefix,
            opens: opens,
            wait: wait,
            on: connection,
            now: turn.now.monotonic
        )
        switch answer {
        // No session has the number of a connection with a loop, so nobody is taken for the one that waits.
        case .waits: return .later(of: connection)
        case .full: return .refuse(.relayFull, retryAfter: limits.retryAfter)
        case .nobody, nil: return nil
        }
    }

    /// Carries out what follows for the calls of this relay's connections, and handles the calls of others.
    mutating func applyCalls() {
        while let effects = fleet?.takeCallEffects(), !effects.isEmpty {
            for effect in effects { apply(effect) }
        }
    }

    private mutating func apply(_ effect: CallEffect) {
        switch effect {
        case .respond(let connection, let answer): respond(LongPollResponse(answer), on: connection)
        case .open(let connection, let prefix, let body):
            // It was read when it came.
            guard let call = try? SendCall(parsing: body) else { return respond(.refuse(.badBody), on: connection) }
            let response = received(call, prefix: prefix)
            guard let answer = CallAnswer(response) else { break }
            fleet?.respond(answer, on: connection, of: call.connection)
        case .handle(let id, let kind, let body):
            let response = received(kind, body, as: id)
            if case .later(let session) = response { fleet?.waits(id, in: session) }
            if let answer = CallAnswer(response) { fleet?.answer(id, answer) }
        case .lost(let id):
            if let session = fleet?.takeLost(id) { calls.gone(id, of: session, now: turn.now.monotonic) }
        }
        distributeActions()
    }

    private mutating func respond(_ response: LongPollResponse, on connection: ConnectionID) {
        if let loop = connection.loop { inboxes.leave(.respond(connection, response), for: loop) }
    }

    /// Handles a call that another relay has handed on.
    private mutating func received(
        _ kind: LongPollCall.Kind,
        _ body: [UInt8],
        as id: ConnectionID
    ) -> LongPollResponse {
        switch kind {
        case .send:
            guard let call = try? SendCall(parsing: body) else { return .refuse(.badBody) }
            guard calls.id(of: call.connection) != nil else { return .refuse(.unknownConnection) }
            return received(call, prefix: nil)
        case .poll:
            guard let call = try? PollCall(parsing: body) else { return .refuse(.badBody) }
            return poll(call, on: id)
        }
    }

    /// The connection on which a poll or a handed-on call waits has ended.
    mutating func callGone(_ connection: ConnectionID, of poller: ConnectionID) {
        if poller == connection {
            fleet?.callGone(connection)
        } else {
            calls.gone(connection, of: poller, now: turn.now.monotonic)
        }
    }

    /// Has the directory forget the sessions that are remembered here no more.
    mutating func tellForgotten() {
        for session in calls.takeForgotten() { fleet?.forgot(session) }
    }
}

extension LongPollResponse {
    fileprivate init(_ answer: CallAnswer) {
        switch answer {
        case .body(let body): self = .body(body)
        case .refuse(let problem, let retryAfter): self = .refuse(problem, retryAfter: retryAfter)
        }
    }
}

extension CallAnswer {
    /// The answer for another relay; nil for a poll that waits.
    fileprivate init?(_ response: LongPollResponse) {
        switch response {
        case .body(let body): self = .body(body)
        case .refuse(let problem, let retryAfter): self = .refuse(problem, retryAfter: retryAfter)
        case .later: return nil
        }
    }
}
