/// Every ceiling and time limit of a relay: name, default, reason, and the error a device gets. `Protocol/limits.md` is
/// the same list for readers of other languages. What is part of the wire format is in `WireLimits`.
package struct Limits: Hashable, Sendable {
    // MARK: Times

    /// How long a code lives: long enough to fetch the other device from upstairs, short enough that three guesses in
    /// 2^25 are all that anybody gets. (`expired`)
    package var codeLifetime: Duration = .seconds(600)
    /// How long a seated meeting lives: for the user's answer and a lost network. (`expired`)
    package var seatedLifetime: Duration = .seconds(300)
    /// How long an unproved meeting may owe a message while others wait: a device needs milliseconds, a bad network one
    /// second. (`too-slow`)
    package var owedMessage: Duration = .seconds(2)
    /// How long a connection may be silent before its first frame: it has its first frame ready. (`too-slow`)
    package var firstFrame: Duration = .seconds(10)
    /// How long a challenge may be worked on: fifteen times what a slow phone needs for the hardest. (`bad-work`)
    package var workLifetime: Duration = .seconds(30)
    /// How long a visitor that came back waits for its offerer: as long as an offerer takes to notice that the relay was
    /// started again. (`relay-forgot`)
    package var offererReturn: Duration = .seconds(60)
    /// For how long after its start a relay hands out slots one symbol longer: rooms from before may come back to theirs.
    /// Zero when no token of an earlier run can be valid, as with a key that was just drawn.
    package var restartGuard: Duration = .seconds(900)
    /// How long a room that nobody has taken the seat of goes on in a relay that drains: a handshake takes a second and waits
    /// for no person, and what is not done by then goes on at the next relay.
    package var unseatedDrain: Duration = .seconds(10)
    /// How long visitors are told why a code ended: who types one that is still on a screen comes within it, and strangers learn of
    /// few. After it: `no-such-code`.
    package var endedTold: Duration = .seconds(180)
    /// The interval that a budget of frames is for: as long as a device may be silent.
    package var frameInterval: Duration = .seconds(45)
    /// What refusals for fullness tell to wait: about the time in which a busy moment passes.
    package var retryAfter: Duration = .seconds(30)
    /// What `draining` and `goodbye` tell to wait: as long as a relay takes to start again.
    package var retryDraining: Duration = .seconds(2)

    // MARK: One room

    /// Meetings in hand at once: what an offerer computes on side by side; more wait in line.
    package var meetings = 16
    /// Waiting visitors of one prefix in one room: a household types one code on one device. (`line-full`)
    package var waitingPerPrefix = 2
    /// Waiting visitors in one room. (`line-full`)
    package var waitingPerRoom = 256
    /// How many at the head of the line are told each new position; those behind are told at every sixteenth place.
    package var positionsTold = 8
    /// How many times an offerer is told that one visitor's connection was lost: a device whose network comes and goes has a few of
    /// these. Coming back costs nothing, so that a stranger could make an offerer hear of it without end.
    package var absencesTold = 32
    /// Unacknowledged messages in one direction of a meeting: a handshake has six in all. (`mailbox-full`)
    package var mailboxMessages = 8
    /// Bytes of their bodies: the three of a handshake's direction have 2.4 KB. What strangers leave unread fills no relay then
    /// before its meetings are used up. (`mailbox-full`)
    package var mailboxBytes = 4 * 1024

    // MARK: The whole relay

    /// Rooms: at the full two mailboxes of every meeting this is bounded memory, and far below a quarter of the slots.
    /// (`relay-full`)
    package var rooms = 20_000
    /// Meetings in hand in all rooms: two for each room that there may be. (`relay-full`, to visitors)
    package var meetingsInAll = 40_000
    /// Bytes in all mailboxes beyond which no visitor is let in: what is in hand may still fill its own.
    /// (`relay-full`, to visitors)
    package var mailboxBytesInAll = 256 * 1024 * 1024
    /// Visitors in line in all rooms. (`relay-full`)
    package var waitingInAll = 20_000
    /// Connections in no room that were asked for work: new ones that have said nothing have no place here, so devices that come
    /// back don't need one. (`too-many`: from half on each prefix has its part)
    package var roomless = 10_000
    /// Visitors that came back before their offerer. (`relay-full`)
    package var waitingForOfferer = 4_000
    /// Of these, for one room: an offerer takes no more of them back. (`relay-full`)
    package var waitingForOffererPerRoom = 16
    /// Connections at work of one prefix. (`too-many`)
    package var roomlessPerPrefix = 256
    /// Which part of what is still free one prefix may have, once half of `rooms`, `meetingsInAll`, `waitingInAll`, `roomless`,
    /// `waitingForOfferer` or a line is taken: a block of addresses, with eight times as much, stops at half of what is left.
    /// (`too-many`)
    package var partOfFree = 16
    /// Deadlines remembered, those of what has ended early among them. (`relay-full`)
    package var deadlines = 200_000
    /// Ended rooms remembered, so that a visitor learns why a code does not work; beyond it, it is `no-such-code`.
    package var tombstones = 16_384
    /// Frames of one connection in a ``frameInterval``, each full KiB of one as another, those without news twice: a pairing has
    /// some ten. (`bad-frame`)
    package var framesPerInterval = 256
    /// So many more for an offerer with each visitor that it is told of: a whole handshake twice. A crowd of strangers must not use up
    /// what an honest offerer may say. (`bad-frame`)
    package var framesPerVisitor = 16

    // MARK: One address prefix

    /// Offers of a prefix in one window before work is asked for: a user's few codes, and a few users behind one address.
    package var offersPerPrefix = 20
    /// Visits of a prefix in one window before work is asked for.
    package var visitsPerPrefix = 60
    /// Visits of a prefix in one window that find no code, before work is asked for that grows twice as fast.
    package var missesPerPrefix = 20
    /// Rooms that offerers of a prefix made again from their tokens in one window, their offers included: four times as many as are
    /// offered without work, for all devices of a house come back at once when a relay was started again. (`too-many`)
    package var restoresPerPrefix = 80
    /// What a visitor that was closed for a wrong proof counts for, in visits.
    package var wrongProofWeight = 10
    /// The window of these counters; a count is forgotten after one to two of them.
    package var counterWindow: Duration = .seconds(600)
    /// Prefixes counted for each kind of limit; when full, one that is not counted is measured by the block around it, and asked for
    /// the most work when that is not counted either.
    package var prefixes = 65_536
    /// Leading zero bits of the least and the most work: 2^20 hashes take a slow phone about 2 s.
    package var difficulty = 14...20
    /// Challenges answered and remembered, so that each counts once. (`relay-full`)
    package var usedChallenges = 65_536

    package init() {}

    /// The longest a room can live, and so a token.
    var roomLifetime: Duration { codeLifetime + seatedLifetime }
}
