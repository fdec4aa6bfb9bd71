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
    struct Other: Hashable, Sendable {
        let run: RunID
        let number: UInt64
    }

    private struct Known: Sendable {
        let home: RunID
        let until: Duration
    }

    /// The most bytes of calls that wait for their sessions to be found.
    static let waitingCallBytes = 4 << 20
    /// The most sessions elsewhere whose homes are remembered.
    static let homes = 20_000
    /// How long the home of a session is remembered after its last call: longer than a device is silent.
    static let homeKept = Duration.seconds(120)

    private(set) var own: [ConnectionID: Own] = [:]
    /// The numbers of calls that their devices are to make again, in the order of the times at which they are told so.
    private var repeated: Deque<(number: UInt64, at: Duration)> = []
    private var connections: [UInt64: ConnectionID] = [:]
    private var known: [LongPollConnectionID: Known] = [:]
    private var others: [ConnectionID: Other] = [:]
    private var otherIDs: [Other: ConnectionID] = [:]
    /// The sessions in which polls of others wait.
    private var waiting: [ConnectionID: ConnectionID] = [:]
    /// The sessions that are here.
    var sessions = RegisteredSessions()
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

    /// Notes that the device is told at this time to make the call again. No call has an earlier time than the one before.
    mutating func repeatCall(_ number: UInt64, at time: Duration) { repeated.append((number, time)) }

    /// When the next device is told to make its call again.
    var nextRepeated: Duration? { repeated.first?.at }

    /// Removes the calls whose devices are told now to make them again, but for those whose connections are gone.
    mutating func takeRepeated(now: Duration) -> [ConnectionID] {
        var due: [ConnectionID] = []
        while let next = repeated.first, next.at <= now {
            repeated.removeFirst()
            guard let (connection, _) = call(next.number) else { continue }
            remove(connection)
            due.append(connection)
        }
        return due
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
        let other = Other(run: run, number: call.number)
        others[id] = other
        otherIDs[other] = id
        return id
    }

    /// Notes that the call, a poll, waits in this session.
    mutating func waits(_ id: ConnectionID, in session: ConnectionID) {
        if others[id] != nil { waiting[id] = session }
    }

    /// The call of this run and number.
    func other(_ number: UInt64, of run: RunID) -> ConnectionID? { otherIDs[Other(run: run, number: number)] }

    /// Removes a call.
    /// - Returns: the call, and the session in which it waits; nil if it has been answered.
    mutating func removeOther(_ id: ConnectionID) -> (call: Other, session: ConnectionID?)? {
        guard let other = others.removeValue(forKey: id) else { return nil }
        otherIDs[other] = nil
        return (other, waiting.removeValue(forKey: id))
    }

    /// The polls that wait here for runs that are not there any more.
    func others(ofRunsBut isThere: (RunID) -> Bool) -> [ConnectionID] {
        waiting.keys.filter { id in others[id].map { !isThere($0.run) } ?? false }
    }

    // MARK: Sessions here

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
}
