internal import DequeModule
internal import EasySetupFleetStore
internal import EasySetupRelayCore
internal import EasySetupRelayProtocol

/// The long-polling calls that this relay hands on, those that others have handed on to it, and the sessions that it has
/// registered.
struct CallTable: Sendable {
    /// A call that came here, and whose session is not here.
    struct Own: Sendable {
        let number: UInt64
        let kind: LongPollCall.Kind
        let session: LongPollConnectionID
        /// Empty once the call is handed on.
        var body: [UInt8]
        let prefix: AddressPrefix?
        /// Whether the call opens a session that no relay has.
        let opens: Bool
        /// The run that has the session; nil while it is looked for.
        var home: RunID?
        let until: Duration
    }

    /// A call of another relay's device, whose answer is not there yet.
    struct Other: Sendable {
        let run: RunID
        let number: UInt64
    }

    private struct Known: Sendable {
        let home: RunID
        let until: Duration
    }

    private struct Session: Sendable {
        let due: Duration
        let id: LongPollConnectionID
    }

    /// The most bytes of calls that wait for their sessions to be found.
    static let waitingCallBytes = 4 << 20
    /// The most sessions elsewhere whose homes are remembered.
    static let homes = 20_000
    /// How long the home of a session is remembered after its last call: longer than a device is silent.
    static let homeKept = Duration.seconds(120)
    /// How often a session is registered again: the directory keeps it for twice as long.
    static let registered = Duration.seconds(900)
    /// The most sessions that are registered in ``registered``.
    static let registeredSessions = 200_000
    /// The most sessions that are registered again in a second.
    static let registeredPerSecond = 2_000

    private(set) var own: [ConnectionID: Own] = [:]
    private var connections: [UInt64: ConnectionID] = [:]
    private var known: [LongPollConnectionID: Known] = [:]
    private var others: [ConnectionID: Other] = [:]
    private var sessions: Deque<Session> = []
    /// The answers that wait until a session is registered.
    private var held: [LongPollConnectionID: [CallEffect]] = [:]
    private var lastNumber: UInt64 = 0
    private var lastOther: UInt64 = 0
    private var waitingBytes = 0

    // MARK: Calls that came here

    /// Adds a call; nil if there is no place for its body.
    mutating func add(
        _ kind: LongPollCall.Kind,
        _ session: LongPollConnectionID,
        body: [UInt8],
        _ prefix: AddressPrefix?,
        opens: Bool,
        on connection: ConnectionID,
        until: Duration
    ) -> Own? {
        guard waitingBytes + body.count <= Self.waitingCallBytes else { return nil }
        remove(connection)
        lastNumber += 1
        let call = Own(
            number: lastNumber,
            kind: kind,
            session: session,
            body: body,
            prefix: prefix,
            opens: opens,
            until: until
        )
        own[connection] = call
        connections[call.number] = connection
        waitingBytes += body.count
        return call
    }

    /// The call of this number, and the connection on which it waits.
    func call(_ number: UInt64) -> (connection: ConnectionID, call: Own)? {
        connections[number].flatMap { connection in own[connection].map { (connection, $0) } }
    }

    /// Notes that the call is handed on to this run.
    mutating func handOn(_ connection: ConnectionID, to home: RunID, now: Duration) {
        guard var call = own[connection] else { return }
        waitingBytes -= call.body.count
        (call.home, call.body) = (home, [])
        own[connection] = call
        if known.count >= Self.homes { known = known.filter { $0.value.until > now } }
        if known.count < Self.homes { known[call.session] = Known(home: home, until: now + Self.homeKept) }
    }

    @discardableResult
    mutating func remove(_ connection: ConnectionID) -> Own? {
        guard let call = own.removeValue(forKey: connection) else { return nil }
        connections[call.number] = nil
        waitingBytes -= call.body.count
        return call
    }

    func home(of session: LongPollConnectionID, now: Duration) -> RunID? {
        known[session].flatMap { $0.until > now ? $0.home : nil }
    }

    mutating func forgetHome(of session: LongPollConnectionID) { known[session] = nil }

    // MARK: Calls of others

    /// Notes a call of another run under a number of this relay's.
    mutating func add(_ call: LongPollCall, from run: RunID, _ number: (UInt64) -> ConnectionID) -> ConnectionID {
        lastOther += 1
        let id = number(lastOther)
        others[id] = Other(run: run, number: call.number)
        return id
    }

    mutating func removeOther(_ id: ConnectionID) -> Other? { others.removeValue(forKey: id) }

    // MARK: Sessions here

    /// Notes a session that is to be registered. False if there is no place for it: a session that was closed keeps its
    /// place until it would be registered again, so that strangers who open and close many fill neither this list nor the
    /// directory.
    mutating func opened(_ session: LongPollConnectionID, now: Duration) -> Bool {
        guard sessions.count < Self.registeredSessions else { return false }
        sessions.append(Session(due: now + Self.registered, id: session))
        return true
    }

    /// Has the answers to the session's calls wait until it is registered.
    mutating func waits(for session: LongPollConnectionID) { held[session] = [] }

    /// Holds an answer back until the session is registered. False if it is.
    mutating func hold(_ answer: CallAnswer, on connection: ConnectionID, of session: LongPollConnectionID) -> Bool {
        guard held[session] != nil else { return false }
        held[session]?.append(.respond(connection, answer))
        return true
    }

    /// The session is registered, or can't be. Returns the answers that waited.
    mutating func registered(_ session: LongPollConnectionID) -> [CallEffect] {
        held.removeValue(forKey: session) ?? []
    }

    /// Has all sessions registered again, because the directory has lost them, or has them under another run.
    mutating func registerAll(now: Duration) {
        sessions = Deque(sessions.map { Session(due: now, id: $0.id) })
    }

    /// The sessions that are to be registered again now, some of them at a time.
    mutating func takeDue(now: Duration, isOpen: (LongPollConnectionID) -> Bool) -> [LongPollConnectionID] {
        var due: [LongPollConnectionID] = []
        while due.count < Self.registeredPerSecond, let first = sessions.first, first.due <= now {
            sessions.removeFirst()
            guard isOpen(first.id) else { continue }
            sessions.append(Session(due: now + Self.registered, id: first.id))
            due.append(first.id)
        }
        return due
    }

    /// When ``takeDue(now:isOpen:)`` is next due; nil if no session is known.
    var nextDue: Duration? { sessions.first?.due }
}
