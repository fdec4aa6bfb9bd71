/// Every limit of the client, each with its default and its reason (`Protocol/limits.md`, "Devices").
public struct ClientLimits: Hashable, Sendable {
    /// The most codes that one offer shows, one after the other. An attacker has three guesses at each code, each with
    /// a chance of 2⁻²⁵.
    public var codesPerOffer = 3
    /// The number of visitors that may leave without a proof before the device replaces the code. The new code has a
    /// longer slot (its first symbols, which lead to the room), which strangers can't find by trying slots. The number
    /// is four times the most visitors in a room at once.
    public var crowd = 64
    /// The most tries of one code on the device where it is typed. Each try is one guess for an attacker who poses as
    /// the other device.
    public var triesPerCode = 3
    /// The longest life of a code, even if the relay allows a longer one.
    public var codeLifetime: Duration = .seconds(600)
    /// The longest time of a pairing after both devices have proved that they know the code, even if the relay allows a
    /// longer one.
    public var seatedLifetime: Duration = .seconds(300)
    /// The longest time for one attempt to connect by a WebSocket: TCP, TLS and the upgrade. Long polling has the same
    /// time once more, until the relay's first answer.
    public var connectTimeout: Duration = .seconds(10)
    /// The longest wait for a host's addresses of one family, IPv4 or IPv6, after those of the other have come. It matters
    /// when none of the first addresses can be reached. It is a little more than the 5 s after which systems ask again.
    public var otherFamilyTimeout: Duration = .seconds(6)
    /// The longest time from reaching the relay's host (TCP, TLS) to the WebSocket upgrade, and from the upgrade to the
    /// first frame of any kind. After that, the device tries long polling. The limit is below ``connectTimeout``,
    /// because a network that drops WebSockets may send no error.
    public var upgradeTimeout: Duration = .seconds(5)
    /// The longest wait for the body of an answer whose status tells that it comes from no relay, or that a relay
    /// refuses. After that, the device judges by the status and the beginning of the body, because a sign-in page may
    /// be endless.
    public var bodyTimeout: Duration = .seconds(2)
    /// The longest head of a proxy's answer, in bytes. It is twice what servers commonly send, and too little to fill a
    /// device's memory.
    public var proxyAnswer = 16_384
    /// The longest wait for the relay's answer when the device closes a connection. The wait lets the last frames leave
    /// the device before the program ends.
    public var goodbye: Duration = .seconds(2)
    /// The longest time that the relay may hold a long-poll request open, because proxies end a silent connection after
    /// 30 s or more.
    public var pollWait: Duration = .seconds(20)
    /// The longest time for a long-poll request beyond the time that the relay may hold it: four round trips on a bad
    /// mobile network.
    public var callTimeout: Duration = .seconds(10)
    /// The number of attempts at one long-poll request before the device takes the connection for lost. A relay or
    /// proxy that restarts is back within these attempts.
    public var callTries = 5
    /// The first pause before a long-poll request is repeated. It doubles with each attempt, and half of it is random.
    /// The device also waits this long between two polls when the first one brought nothing.
    public var callPause: Duration = .milliseconds(200)
    /// The time without a frame from the relay after which the device sends a ping. After the same time again the
    /// device takes the connection for lost. Without pings, a device that changes its network may keep a dead
    /// connection.
    public var silence: Duration = .seconds(15)
    /// The longest wait for the relay's answer to the first frame of a connection.
    public var answerTimeout: Duration = .seconds(15)
    /// The number of connections in a row that may end before the relay answers their first frame. After that, a device
    /// that has no room or meeting yet gives up. One or two such connections point to a fault of the network, three to
    /// one of the relay.
    public var answerTries = 3
    /// The time, from the first failure, during which a device retries a relay that it never reached. It is long enough
    /// for a relay that is being started, and short enough to report a wrong address soon.
    public var reachTimeout: Duration = .seconds(2)
    /// The time during which a visitor that lost its connection tries a slot that the relay does not know, because the
    /// offerer may not have reconnected yet. It is longer than the longest wait of the offerer (``maximumBackoff``).
    public var offererReturn: Duration = .seconds(15)
    /// The longest time for a proof of work and the relay's answer to it: the time that a relay allows, and a round
    /// trip.
    public var workTimeout: Duration = .seconds(45)
    /// The longest wait of a holder for the receipt. After that, the holder's device reports that the seed was sent,
    /// but not confirmed. The wait is as long as the pairing's if the receiver asks its user first, or if one of the two
    /// devices has no connection at its end.
    public var receiptTimeout: Duration = .seconds(60)
    /// The longest time that a receiver stays connected after it stored the seed, so that the holder can acknowledge
    /// the receipt. In this time a device can notice a dead connection (twice ``silence``) and make a new one.
    public var linger: Duration = .seconds(45)
    /// The longest time that a device waits for the acknowledgement of its last message. A receiver stops asking its
    /// user this long before the deadline, so that a refusal still arrives.
    public var farewell: Duration = .seconds(3)
    /// The first wait before a reconnect. The wait doubles up to ``maximumBackoff``, and half of it is random.
    public var firstBackoff: Duration = .milliseconds(200)
    /// The longest wait before a reconnect.
    public var maximumBackoff: Duration = .seconds(10)
    /// The number of wrong answers after which the holder's device stops asking its user for a confirmation word from
    /// the other device's screen, and the pairing fails. The same number of empty answers has the same effect.
    public var wordTries = 3
    /// The greatest difficulty of a proof of work that this device accepts, in leading zero bits. A slow phone takes
    /// about two seconds for 20 bits, and four times as long for 22.
    public var maximumWork = 22
    /// The most messages of the relay's operator that the device shows in one act. An operator has one, and may change
    /// it in the meantime.
    public var relayMessages = 3

    /// Makes limits with their default values.
    public init() {}
}
