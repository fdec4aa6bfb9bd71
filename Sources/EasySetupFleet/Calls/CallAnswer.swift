package import EasySetupRelayCore
package import EasySetupRelayProtocol

/// The answer to a long-polling call that was handed on to the relay of its session.
package enum CallAnswer: Hashable, Sendable {
    /// The body of an answer with status 200.
    case body([UInt8])
    /// The call is refused. `retryAfter` is zero where waiting does not help.
    case refuse(ProblemType, retryAfter: Duration = .zero)

    private static let well: UInt16 = 200
    private static let refused: UInt16 = 400

    /// The answer on the bus: the body, or the time to wait in milliseconds (4 bytes) and the problem's name.
    func item(number: UInt64) -> LongPollAnswered {
        switch self {
        case .body(let body): return LongPollAnswered(number: number, status: Self.well, body: body)
        case .refuse(let problem, let retryAfter):
            var body: [UInt8] = []
            body.append(number: retryAfter.wireMilliseconds)
            return LongPollAnswered(number: number, status: Self.refused, body: body + problem.rawValue.utf8)
        }
    }

    /// Reads the answer. A problem that this relay does not know is read as a session that is not known: the device then
    /// opens another one.
    init(_ item: LongPollAnswered) {
        guard item.status != Self.well else {
            self = .body(item.body)
            return
        }
        let name = String(decoding: item.body.dropFirst(4), as: UTF8.self)
        let milliseconds = item.body.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        self = .refuse(
            ProblemType(rawValue: name) ?? .unknownConnection,
            retryAfter: .milliseconds(milliseconds)
        )
    }
}

/// An effect of long-polling calls on this relay's own sessions and connections, for the caller to carry out.
package enum CallEffect: Hashable, Sendable {
    /// Answer the call that waits on this connection.
    case respond(ConnectionID, CallAnswer)
    /// No relay has the session of the call that waits on this connection: open it here, and answer.
    case open(ConnectionID, AddressPrefix?, body: [UInt8])
    /// Another relay has handed this call on. Give the answer to ``FleetMachine/answer(_:_:)`` with this number, at once
    /// or later.
    case handle(ConnectionID, LongPollCall.Kind, body: [UInt8])
    /// The device's connection at the other relay is lost, on which this call waits: ask for its session by
    /// ``FleetMachine/takeLost(_:)``.
    case lost(ConnectionID)
}

/// The answer of a ``FleetMachine`` to the question whether a call is another relay's business.
package enum HandingOn: Hashable, Sendable {
    /// The call waits for its session to be found, or for its answer.
    case waits
    /// Nobody can be asked: the call is this relay's business.
    case nobody
    /// There are too many calls under way.
    case full
}
