internal import DequeModule
internal import EasySetupRelayProtocol

/// The long-polling sessions of this relay, in the order in which the directory is to be told of them again, and those
/// of which the directory is to be told that they are over.
///
/// A session that is over leaves the list at once, so that the list is no longer than the relay's own one of sessions,
/// whoever opens and closes many. Every step has the same small cost, however long the list is.
struct RegisteredSessions: Sendable {
    enum Step: Hashable, Sendable {
        case register(LongPollConnectionID)
        /// Have the directory forget the session.
        case forget(LongPollConnectionID)
    }

    /// How often a session is registered again: the directory keeps it for twice as long.
    static let again = Duration.seconds(45)
    /// The most sessions of which the directory is told in a turn, and the time between two turns: together the most
    /// in a second, 2,000. The relay's state is locked for each turn.
    static let perTurn = 200
    static let turn = Duration.milliseconds(100)
    /// The most sessions that are over and of which the directory is not told yet. It forgets further ones by itself.
    static let leaving = 10_000

    private struct Node: Sendable {
        var registered: Duration
        var round: Int
        var before: LongPollConnectionID?
        var after: LongPollConnectionID?
    }

    private var nodes: [LongPollConnectionID: Node] = [:]
    private var first: LongPollConnectionID?
    private var last: LongPollConnectionID?
    private var over: Deque<LongPollConnectionID> = []
    /// Sessions of an earlier round are due, whenever they were registered.
    private var round = 0
    private var nextTurn = Duration.zero

    /// How many sessions are known, and how many of which the directory is to be told that they are over.
    var counts: (known: Int, over: Int) { (nodes.count, over.count) }

    /// Adds a session, which is registered now.
    mutating func add(_ session: LongPollConnectionID, now: Duration) {
        remove(session)
        nodes[session] = Node(registered: now, round: round, before: last)
        if let last { nodes[last]?.after = session } else { first = session }
        last = session
    }

    /// Removes a session that is over.
    /// - Parameter tells: whether the directory is told so.
    mutating func remove(_ session: LongPollConnectionID, tells: Bool) {
        guard remove(session), tells, over.count < Self.leaving else { return }
        over.append(session)
    }

    @discardableResult
    private mutating func remove(_ session: LongPollConnectionID) -> Bool {
        guard let node = nodes.removeValue(forKey: session) else { return false }
        if let before = node.before { nodes[before]?.after = node.after } else { first = node.after }
        if let after = node.after { nodes[after]?.before = node.before } else { last = node.before }
        return true
    }

    /// Has all sessions registered again, because the directory has lost them, or has them under another run.
    mutating func registerAll() { round += 1 }

    /// When ``takeTurn(now:)`` is next due; nil if there is nothing to tell.
    var due: Duration? {
        let next = over.isEmpty ? first.flatMap { nodes[$0] }.map(due) : .zero
        return next.map { max($0, nextTurn) }
    }

    private func due(_ node: Node) -> Duration { node.round == round ? node.registered + Self.again : .zero }

    /// The steps of a turn: sessions that are to be registered again first.
    mutating func takeTurn(now: Duration) -> [Step] {
        guard let due, due <= now else { return [] }
        nextTurn = now + Self.turn
        var steps: [Step] = []
        while steps.count < Self.perTurn {
            if let first, let node = nodes[first], self.due(node) <= now {
                add(first, now: now)
                steps.append(.register(first))
            } else if let session = over.popFirst() {
                steps.append(.forget(session))
            } else {
                break
            }
        }
        return steps
    }
}
