/// Every ceiling and time limit of a relay: name, default, reason, and the error that a device gets.
/// `Protocol/limits.md` is the same list for readers of other languages. The limits of the wire format are in
/// `WireLimits`.
package struct Limits: Hashable, Sendable {
    // MARK: Times

    /// How long a code lives: long enough to fetch the other device from upstairs, and short, so that a stranger has
    /// little time to guess the secret. Error: `expired`.
    package var codeLifetime: Duration = .seconds(600)
    /// How long a seated meeting lives: enough for the user to answer and for a device to reconnect. Error: `expired`.
    package var seatedLifetime: Duration = .seconds(300)
    /// How long a visitor that has not proved itself may owe a message while others wait. A device needs milliseconds,
    /// a bad network one second. Error: `too-slow`.
    package var owedMessage: Duration = .seconds(2)
    /// How long a connection may take for its first frame, which an honest device has ready. Error: `too-slow`.
    package var firstFrame: Duration = .seconds(10)
    /// How long a challenge is valid: fifteen times as long as a slow phone needs for the hardest one. Errors:
    /// `bad-work`, `too-slow`.
    package var workLifetime: Duration = .seconds(30)
    /// How long a visitor that came back waits for its offerer: as long as an offerer takes to notice that the relay
    /// was restarted. Error: `relay-forgot`.
    package var offererReturn: Duration = .seconds(60)
    /// How long after its start a relay hands out slots of at least four symbols. Rooms from before the start may come
    /// back to theirs, which have three. Zero when no token of an earlier run can be valid, because the key is new.
    package var restartGuard: Duration = .seconds(900)
    /// How long a room without a seated visitor goes on while the relay drains. A handshake takes a second and needs no
    /// person. An unfinished one continues at the next relay.
    package var unseatedDrain: Duration = .seconds(10)
    /// How long visitors are told why a code ended, and not just `no-such-code`. It is long enough for a user who types
    /// a code that is still on a screen, and short enough that strangers learn of few codes.
    package var endedTold: Duration = .seconds(180)
    /// The interval of the frame budget (``framesPerInterval``): as long as a device may be silent.
    package var frameInterval: Duration = .seconds(45)
    /// The time to wait that the relay sends when it is full: about as long as a peak lasts.
    package var retryAfter: Duration = .seconds(30)
    /// The time to wait that the relay sends with `draining` and `goodbye`: as long as a relay takes to restart.
    package var retryDraining: Duration = .seconds(2)

    // MARK: One room

    /// The most meetings in one room: as many as an offerer can compute side by side. Further visitors wait in the line
    /// (the queue).
    package var meetings = 16
    /// The most waiting visitors of one prefix in one room, because a household types one code on one device. Error:
    /// `line-full`.
    package var waitingPerPrefix = 2
    /// The most waiting visitors in one room. Error: `line-full`.
    package var waitingPerRoom = 256
    /// How many visitors at the head of the line hear each new position. Visitors further behind hear every sixteenth
    /// place.
    package var positionsTold = 8
    /// How many times the relay tells an offerer that one visitor's connection was lost. A device on a bad network
    /// causes a few of these. Reconnecting costs nothing, so without a limit a stranger could flood the offerer with
    /// these frames.
    package var absencesTold = 32
    /// The most unacknowledged messages in one direction of a meeting. A whole handshake has six. Error:
    /// `mailbox-full`.
    package var mailboxMessages = 8
    /// The most bytes in the bodies of these messages. The three of a handshake in one direction have 2.4 KB. The limit
    /// is low, so that the limit of meetings is reached before unread messages of strangers fill the relay's memory.
    /// Error: `mailbox-full`.
    package var mailboxBytes = 4 * 1024

    // MARK: The whole relay

    /// The most rooms. This number bounds the memory, even if both mailboxes of every meeting are full. It is far below
    /// a quarter of all slots. Error: `relay-full`.
    package var rooms = 20_000
    /// The most meetings in all rooms together: two a room on average when there are as many rooms as allowed. Error for
    /// visitors: `relay-full`.
    package var meetingsInAll = 40_000
    /// The bytes in all mailboxes from which on the relay admits no visitor. Meetings that exist may still fill their
    /// mailboxes. Error for visitors: `relay-full`.
    package var mailboxBytesInAll = 256 * 1024 * 1024
    /// The most waiting visitors in all rooms. Error: `relay-full`.
    package var waitingInAll = 20_000
    /// The most connections that were asked for work and are in no room yet. Connections that were not asked for work
    /// don't count, so returning devices need no place here. Errors: `relay-full`, and `too-many` beyond a prefix's
    /// share.
    package var roomless = 10_000
    /// The most visitors that came back before their offerer. Error: `relay-full`.
    package var waitingForOfferer = 4_000
    /// The most visitors of one room that came back before their offerer: an offerer takes back no more than this.
    /// Error: `relay-full`.
    package var waitingForOffererPerRoom = 16
    /// The most connections of one prefix that were asked for work and are in no room. Error: `too-many`.
    package var roomlessPerPrefix = 256
    /// The divisor of a prefix's share: once half of `rooms`, `meetingsInAll`, `waitingInAll`, `roomless`,
    /// `waitingForOfferer` or a room's line is taken, one prefix may have 1/`partOfFree` of what is still free. A wider
    /// block of addresses may have eight times as much, so it stops at half of what is left. Errors: `too-many`,
    /// `relay-full`, `line-full`.
    package var partOfFree = 16
    /// The most stored deadlines, with those of rooms and connections that ended early. Error: `relay-full`.
    package var deadlines = 200_000
    /// The most ended rooms that the relay remembers in a period, so that a visitor learns why a code does not work. A
    /// visitor to a room that ended beyond this number gets `no-such-code`.
    package var tombstones = 16_384
    /// The most frames of one connection in a ``frameInterval``. Each full KiB of a frame counts as another frame. A
    /// frame without news counts as one more. A pairing has about ten. Error: `bad-frame`.
    package var framesPerInterval = 256
    /// How many more frames an offerer may send for each visitor that the relay announces to it: a whole handshake
    /// twice. Otherwise a crowd of strangers would use up an honest offerer's budget. Error: `bad-frame`.
    package var framesPerVisitor = 16

    // MARK: One address prefix

    /// The offers of a prefix in one window for which it need not do work: enough for a user's few codes and a few
    /// users behind one address.
    package var offersPerPrefix = 20
    /// The visits of a prefix in one window for which it need not do work.
    package var visitsPerPrefix = 60
    /// The visits of a prefix in one window that may find no code before it must do work. This work grows twice as fast
    /// as that for other limits.
    package var missesPerPrefix = 20
    /// The most rooms that offerers of a prefix restore from their tokens in one window; their offers count too. It is
    /// four times the offers without work, because all devices of a house come back at once after a restart. Error:
    /// `too-many`.
    package var restoresPerPrefix = 80
    /// How many visits a visitor counts as when its meeting was closed for a wrong proof.
    package var wrongProofWeight = 10
    /// The time window for counting offers, visits and restored rooms. A count is forgotten after one to two windows.
    package var counterWindow: Duration = .seconds(600)
    /// The most prefixes that are counted for each kind of limit. When this many are counted, the relay holds the count
    /// of the block around a new prefix against the prefix's limit. If that block has no count either, the device must
    /// do the most work.
    package var prefixes = 65_536
    /// The difficulty of work, in leading zero bits, from least to most. 2^20 hashes take a slow phone about 2 s.
    package var difficulty = 14...20
    /// The most solved challenges that the relay remembers, so that each one counts once. Error: `relay-full`.
    package var usedChallenges = 65_536

    package init() {}

    /// The longest time that a room can live.
    var roomLifetime: Duration { codeLifetime + seatedLifetime }
}
