/// Every limit on sizes, numbers and times of a relay: name, default, reason, and the error that a device beyond it
/// gets. `Protocol/limits.md` is the same list for implementers in other languages. The limits of the wire format are
/// in `WireLimits`.
package struct Limits: Hashable, Sendable {
    // MARK: Times

    /// How long a code is valid: long enough to fetch the other device from upstairs, and so short that a stranger has
    /// little time to guess the secret. Error: `expired`.
    package var codeLifetime: Duration = .seconds(600)
    /// How long a meeting goes on after its visitor proved itself and got the seat: enough for the user to answer and
    /// for a device to reconnect. Error: `expired`.
    package var seatedLifetime: Duration = .seconds(300)
    /// How long a visitor that has not proved itself may keep the offerer waiting for its next message while other
    /// visitors wait. A device needs milliseconds, a bad network one second. Error: `too-slow`.
    package var owedMessage: Duration = .seconds(2)
    /// The same for a visitor that has sent its first message of the handshake, while all visitors in line have been
    /// silent in their last meeting. The connections of these may be lost; one of them may even be an earlier connection
    /// of the same device. A device whose second message comes too late has used up its try, so it gets the time that it
    /// needs to notice that its connection is lost and to come back. Error: `too-slow`.
    package var owedToSilent: Duration = .seconds(45)
    /// How long a connection may take to send its first frame. An honest device has that frame ready when it connects.
    /// Error: `too-slow`.
    package var firstFrame: Duration = .seconds(10)
    /// How long a proof-of-work challenge is valid: fifteen times as long as a slow phone needs for the hardest
    /// challenge. Errors: `bad-work`, `too-slow`.
    package var workLifetime: Duration = .seconds(30)
    /// How long a visitor that reconnected after a restart of the relay waits for its offerer: as long as an offerer
    /// takes to notice the restart. Error: `relay-forgot`.
    package var offererReturn: Duration = .seconds(60)
    /// How long after its start a relay issues no slots (public parts of codes) of three symbols, because rooms from
    /// before the start may come back to their slots. Zero when the relay's key is new, because then no token of an
    /// earlier run is valid.
    package var restartGuard: Duration = .seconds(900)
    /// How long a room in which no visitor has proved itself goes on while the relay drains. A handshake takes a second
    /// and needs no person. An unfinished handshake continues at the next relay.
    package var unseatedDrain: Duration = .seconds(10)
    /// How long after the end of a code the relay tells visitors why it ended; later they get `no-such-code`. A user
    /// who types a code that is still on a screen does so within this time. It is so short that strangers learn of few
    /// codes.
    package var endedTold: Duration = .seconds(180)
    /// The length of the interval in which a connection may send ``framesPerInterval`` frames.
    package var frameInterval: Duration = .seconds(45)
    /// The time to wait that the relay sends to devices when it is full: about as long as a peak lasts.
    package var retryAfter: Duration = .seconds(30)
    /// The time to wait that the relay sends with `draining` and `goodbye` when it shuts down: as long as a relay takes
    /// to restart.
    package var retryDraining: Duration = .seconds(2)

    // MARK: One room

    /// The most meetings in one room: as many handshakes as an offerer can compute side by side. Further visitors wait
    /// in the room's line (its queue).
    package var meetings = 16
    /// The most visitors of one prefix that may wait in one room's line: few, because a household types one code on one
    /// device. Error: `line-full`.
    package var waitingPerPrefix = 2
    /// The most visitors that may wait in one room's line. Error: `line-full`.
    package var waitingPerRoom = 256
    /// How many visitors at the head of a room's line (its queue) the relay tells each new position. It tells visitors
    /// further behind only every sixteenth position.
    package var positionsTold = 8
    /// How many times the relay tells an offerer that one visitor's connection was lost. A device on a bad network
    /// loses its connection a few times. Reconnecting costs nothing, so without this limit a stranger could flood the
    /// offerer with such frames.
    package var absencesTold = 32
    /// The most messages that one mailbox (one direction of a meeting) holds until they are acknowledged. A whole
    /// handshake has six messages in both directions together. Error: `mailbox-full`.
    package var mailboxMessages = 8
    /// The most bytes of message bodies in one mailbox (one direction of a meeting). A handshake has 2.4 KB in each
    /// direction. The limit is low, so that strangers who leave messages unread reach the limit of meetings before they
    /// fill the relay's memory. Error: `mailbox-full`.
    package var mailboxBytes = 4 * 1024

    // MARK: The whole relay

    /// The most rooms. This limit bounds the relay's memory, even if both mailboxes of every meeting are full. It is
    /// far below a quarter of all slots (public parts of codes). Error: `relay-full`.
    package var rooms = 20_000
    /// The most meetings in all rooms together: twice the most rooms, so two for each room on average. Error for
    /// visitors: `relay-full`.
    package var meetingsInAll = 40_000
    /// While the messages in all mailboxes have this many bytes or more, the relay admits no visitor. Existing meetings
    /// may still fill their mailboxes. Error for visitors: `relay-full`.
    package var mailboxBytesInAll = 256 * 1024 * 1024
    /// The most visitors that wait in the lines (queues) of all rooms together. Error: `relay-full`.
    package var waitingInAll = 20_000
    /// The most connections that the relay asked for proof of work and that are in no room yet. Other connections don't
    /// count, so returning devices need no place here. Errors: `relay-full`, and `too-many` for a prefix that exceeds
    /// its share.
    package var roomless = 10_000
    /// The most visitors, at the whole relay, that came back before their offerer and wait for it. Error: `relay-full`.
    package var waitingForOfferer = 4_000
    /// The most visitors of one room that came back before their offerer and wait for it. An offerer takes back no more
    /// visitors than this. Error: `relay-full`.
    package var waitingForOffererPerRoom = 16
    /// The most connections of one address prefix that the relay asked for proof of work and that are in no room. The
    /// relay refuses further ones with the reason `too-many`.
    package var roomlessPerPrefix = 256
    /// The divisor of an address prefix's share: once half of `rooms`, `meetingsInAll`, `waitingInAll`, `roomless`,
    /// `waitingForOfferer` or a room's line is taken, one prefix may have 1/`partOfFree` of what is still free. An IPv4
    /// /24 or IPv6 /48 around it may have eight times as much, which is half of what is free. Errors: `too-many`,
    /// `relay-full`, `line-full`.
    package var partOfFree = 16
    /// The most stored deadlines, including stale ones of rooms and connections that ended early. Error: `relay-full`.
    package var deadlines = 200_000
    /// The most ended rooms that the relay records in one period (twice a room's longest life), so that it can tell a
    /// visitor why a code does not work. It records no further ones, and their visitors get `no-such-code`.
    package var tombstones = 16_384
    /// The most frames that one connection may send in a ``frameInterval``. A frame counts once more for each full KiB,
    /// and once more if it tells the relay nothing new. A pairing needs about ten frames. Error: `bad-frame`.
    package var framesPerInterval = 256
    /// How many frames, in addition to ``framesPerInterval``, an offerer may send for each visitor that the relay
    /// announces to it: enough for a whole handshake twice. Without them, a crowd of strangers would use up an honest
    /// offerer's frames. The relay refuses an offerer that sends more with the reason `bad-frame`.
    package var framesPerVisitor = 16

    // MARK: One address prefix

    /// How many offers a prefix may make in a ``counterWindow`` without proof of work: enough for a user's few codes
    /// and for a few users behind one address.
    package var offersPerPrefix = 20
    /// How many visits (attempts to use a code) a prefix may make in a ``counterWindow`` without proof of work.
    package var visitsPerPrefix = 60
    /// How many visits (attempts to use a code) of a prefix in a ``counterWindow`` may find no code. Beyond this number
    /// the relay asks for proof of work. Each doubling of such visits makes the work harder by two bits. Each doubling
    /// of offers or of all visits makes it harder by one bit.
    package var missesPerPrefix = 20
    /// The most rooms that offerers of a prefix may restore from their tokens in a ``counterWindow``; their offers
    /// count too. It is four times ``offersPerPrefix``, because all devices of a house come back at once after a
    /// restart. Error: `too-many`.
    package var restoresPerPrefix = 80
    /// How many visits the relay adds to the count of a visitor's prefix when the offerer reports a wrong proof of that
    /// visitor.
    package var wrongProofWeight = 10
    /// The time window in which the relay counts offers, visits and restored rooms. It forgets a count after one to two
    /// windows.
    package var counterWindow: Duration = .seconds(600)
    /// The most address prefixes that the relay counts in one table, such as that of visits. When the table is full,
    /// the relay compares the count of the wider block around a new prefix with the limit of a single prefix. If that
    /// block has no count either, a device must do the hardest proof of work.
    package var prefixes = 65_536
    /// The least and the greatest difficulty of proof of work, in leading zero bits of the hash. 2^20 hashes take a
    /// slow phone about 2 s.
    package var difficulty = 14...20
    /// The most solved challenges that the relay remembers in one ``workLifetime``, so that nobody can use a solution
    /// twice. Error: `relay-full`.
    package var usedChallenges = 65_536

    package init() {}

    /// The longest time that a room can live.
    package var roomLifetime: Duration { codeLifetime + seatedLifetime }
}
