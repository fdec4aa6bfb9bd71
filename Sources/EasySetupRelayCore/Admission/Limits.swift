/// Every ceiling and time limit of a relay: name, default, reason, and the error a device gets. `Protocol/limits.md` is
/// the same list for readers of other languages. What is part of the wire format is in `WireLimits`.
package struct Limits: Hashable, Sendable {
    // MARK: Times

    /// How long a code lives. It is long enough to fetch the other device from upstairs, and short enough that an
    /// attacker gets three guesses in 2^25. (`expired`)
    package var codeLifetime: Duration = .seconds(600)
    /// How long a seated meeting lives. It covers the user's answer and a lost network. (`expired`)
    package var seatedLifetime: Duration = .seconds(300)
    /// How long an unproved visitor may owe a message while others wait. A device needs milliseconds, a bad network one
    /// second. (`too-slow`)
    package var owedMessage: Duration = .seconds(2)
    /// How long a connection may be silent before its first frame, which an honest device has ready. (`too-slow`)
    package var firstFrame: Duration = .seconds(10)
    /// How long a challenge is valid: fifteen times as long as a slow phone needs for the hardest one. (`bad-work`)
    package var workLifetime: Duration = .seconds(30)
    /// How long a visitor that came back waits for its offerer: as long as an offerer takes to notice that the relay
    /// was restarted. (`relay-forgot`)
    package var offererReturn: Duration = .seconds(60)
    /// How long after its start a relay hands out slots that are one symbol longer, because rooms from before the
    /// restart may claim their slots again. Zero when no token of an earlier run can be valid, as with a new key.
    package var restartGuard: Duration = .seconds(900)
    /// How long a room without a seated visitor goes on while the relay drains. A handshake takes a second and needs no
    /// person; an unfinished one continues at the next relay.
    package var unseatedDrain: Duration = .seconds(10)
    /// How long visitors are told why a code ended. It is long enough for a user who types a code that is still on a
    /// screen, and short enough that strangers learn of few codes. Afterwards the answer is `no-such-code`.
    package var endedTold: Duration = .seconds(180)
    /// The interval of the frame budget: as long as a device may be silent.
    package var frameInterval: Duration = .seconds(45)
    /// The retry time in refusals because of load: about as long as a peak lasts.
    package var retryAfter: Duration = .seconds(30)
    /// The retry time in `draining` and `goodbye`: as long as a relay takes to restart.
    package var retryDraining: Duration = .seconds(2)

    // MARK: One room

    /// Active meetings in one room: as many as an offerer can compute side by side. Further visitors wait in the line
    /// (the queue).
    package var meetings = 16
    /// Waiting visitors of one prefix in one room, because a household types one code on one device. (`line-full`)
    package var waitingPerPrefix = 2
    /// Waiting visitors in one room. (`line-full`)
    package var waitingPerRoom = 256
    /// The number of visitors at the head of the queue that are told each new position. Visitors further behind are
    /// told at every sixteenth place.
    package var positionsTold = 8
    /// How many times an offerer is told that one visitor's connection was lost. A device on a bad network causes a few
    /// of these. The limit exists because reconnecting costs nothing, so a stranger could otherwise flood the offerer
    /// with these frames.
    package var absencesTold = 32
    /// Unacknowledged messages in one direction of a meeting: a handshake has six in all. (`mailbox-full`)
    package var mailboxMessages = 8
    /// Bytes of the bodies of these messages; the three in one direction of a handshake have 2.4 KB. The limit is low
    /// so that unread messages of strangers reach the limit of meetings before they fill the relay's memory.
    /// (`mailbox-full`)
    package var mailboxBytes = 4 * 1024

    // MARK: The whole relay

    /// Rooms. With both mailboxes of every meeting full, this number bounds the memory; it is far below a quarter of
    /// all slots. (`relay-full`)
    package var rooms = 20_000
    /// Active meetings in all rooms: two for each possible room. (`relay-full`, to visitors)
    package var meetingsInAll = 40_000
    /// Bytes in all mailboxes above which no visitor is admitted. Meetings that exist may still fill their mailboxes.
    /// (`relay-full`, to visitors)
    package var mailboxBytesInAll = 256 * 1024 * 1024
    /// Waiting visitors in all rooms. (`relay-full`)
    package var waitingInAll = 20_000
    /// Connections that were asked for work and are in no room yet. New connections that have sent nothing don't count,
    /// so returning devices need no place here. (`too-many`: above half of the limit each prefix has a share)
    package var roomless = 10_000
    /// Visitors that came back before their offerer did. (`relay-full`)
    package var waitingForOfferer = 4_000
    /// Visitors that came back before their offerer, for one room: an offerer takes back no more than this.
    /// (`relay-full`)
    package var waitingForOffererPerRoom = 16
    /// Connections of one prefix that were asked for work and are in no room. (`too-many`)
    package var roomlessPerPrefix = 256
    /// The divisor for a prefix's share: once half of `rooms`, `meetingsInAll`, `waitingInAll`, `roomless`,
    /// `waitingForOfferer` or a room's queue is taken, one prefix may have 1/`partOfFree` of what is still free. A
    /// wider block of addresses has eight times as much, so it stops at half of what is left. (`too-many`)
    package var partOfFree = 16
    /// Stored deadlines, including those of rooms and connections that ended early. (`relay-full`)
    package var deadlines = 200_000
    /// Ended rooms that are remembered, so that a visitor learns why a code does not work. For older ones the answer is
    /// `no-such-code`.
    package var tombstones = 16_384
    /// Frames of one connection per ``frameInterval``. Each full KiB of a frame counts as another frame; a frame
    /// without news counts twice. A pairing has about ten. (`bad-frame`)
    package var framesPerInterval = 256
    /// Additional frames that an offerer may send for each visitor announced to it: a whole handshake twice. Otherwise
    /// a crowd of strangers would use up an honest offerer's budget. (`bad-frame`)
    package var framesPerVisitor = 16

    // MARK: One address prefix

    /// Offers of a prefix in one window before work is required: enough for a user's few codes and a few users behind
    /// one address.
    package var offersPerPrefix = 20
    /// Visits of a prefix in one window before work is required.
    package var visitsPerPrefix = 60
    /// Visits of a prefix in one window that find no code, before work is required. This work grows twice as fast as
    /// that for other limits.
    package var missesPerPrefix = 20
    /// Rooms that offerers of a prefix restored from their tokens in one window, including their offers: four times as
    /// many as the offers without work, because all devices of a house come back at once after a restart. (`too-many`)
    package var restoresPerPrefix = 80
    /// The weight, in visits, of a visitor whose meeting was closed for a wrong proof.
    package var wrongProofWeight = 10
    /// The time window for counting offers, visits and restored rooms. A count is forgotten after one to two windows.
    package var counterWindow: Duration = .seconds(600)
    /// Prefixes counted for each kind of limit. When this is full, a new prefix is measured by the block around it; if
    /// that block is not counted either, the prefix is asked for the most work.
    package var prefixes = 65_536
    /// The difficulty of work, in leading zero bits, from least to most: 2^20 hashes take a slow phone about 2 s.
    package var difficulty = 14...20
    /// Solved challenges that are remembered, so that each one counts once. (`relay-full`)
    package var usedChallenges = 65_536

    package init() {}

    /// The longest time that a room, and so its token, can live.
    var roomLifetime: Duration { codeLifetime + seatedLifetime }
}
