/// Every limit of the client, each with its default and its reason (`Protocol/limits.md`, "Devices").
public struct ClientLimits: Hashable, Sendable {
    /// The most codes that one offer shows one after the other. Each code gives an attacker three guesses of 2⁻²⁵.
    public var codesPerOffer = 3
    /// The number of visitors that may leave without a proof before the device replaces the code by one with a longer
    /// slot, which strangers can't find by trying slots. It is four times the number of visitors in a room at once.
    public var crowd = 64
    /// The most tries of one code on a joining device, because each try is a guess for a false offerer.
    public var triesPerCode = 3
    /// The longest life of a code, even if the relay allows a longer one.
    public var codeLifetime: Duration = .seconds(600)
    /// The longest life of a seated pairing, even if the relay allows a longer one.
    public var seatedLifetime: Duration = .seconds(300)
    /// The longest time for one attempt to connect: TCP, TLS and upgrade. Long polling has the same time again, up to
    /// the relay's first answer.
    public var connectTimeout: Duration = .seconds(10)
    /// The longest time from the TCP connection to the WebSocket upgrade, and from the upgrade to the first frame of
    /// any kind. After it, the device tries long polling. It is half of ``connectTimeout`` because a network that drops
    /// WebSockets may send no error.
    public var upgradeTimeout: Duration = .seconds(5)
    /// The longest head of a proxy's answer, in bytes: twice what servers commonly send, and little enough that a proxy
    /// can't fill a device's memory.
    public var proxyAnswer = 16_384
    /// The longest wait for the relay to answer a close, so that the last frames leave the device before the program
    /// ends.
    public var goodbye: Duration = .seconds(2)
    /// The longest time that the relay may hold a long-poll request open, because proxies end a silent connection after
    /// 30 s or more.
    public var pollWait: Duration = .seconds(20)
    /// The longest time for a long-poll request beyond the time that the relay may hold it: four round trips on a bad
    /// mobile network.
    public var callTimeout: Duration = .seconds(10)
    /// The number of attempts at one long-poll request before the connection counts as lost: a relay or proxy that
    /// restarts is back within these attempts.
    public var callTries = 5
    /// The first pause before a long-poll request is repeated. It doubles with each attempt, and half of it is random.
    /// The device also waits this long between two polls when the first one brought nothing.
    public var callPause: Duration = .milliseconds(200)
    /// The time without any frame from the relay after which the device sends a ping; after the same time again the
    /// connection counts as lost. A device that changes its network may otherwise keep a dead connection.
    public var silence: Duration = .seconds(15)
    /// The longest wait for the relay's answer to the first frame of a connection.
    public var answerTimeout: Duration = .seconds(15)
    /// The number of connections in a row that may end without an answer to their first frame before a device that has
    /// no room or meeting yet gives up: one or two such connections point to the network, three to the relay.
    public var answerTries = 3
    /// The time after the first failure during which a device retries a relay that it never reached: long enough for a
    /// relay that is being started, short enough to report a wrong address soon.
    public var reachTimeout: Duration = .seconds(2)
    /// The time during which a visitor that lost its connection treats an unknown slot as a room whose offerer has not
    /// reconnected yet: the longest wait before a reconnect, and some reserve.
    public var offererReturn: Duration = .seconds(15)
    /// The longest time for a proof of work, its answer included: the time that a relay allows, and a round trip.
    public var workTimeout: Duration = .seconds(45)
    /// The longest wait of a holder for the receipt before it reports "sent, not confirmed". It is longer where the
    /// receiver asks its user first.
    public var receiptTimeout: Duration = .seconds(60)
    /// The time that a receiver stays connected after it stored the seed, until its receipt is acknowledged. It is
    /// longer than noticing a dead connection takes (twice ``silence``) plus a new connection.
    public var linger: Duration = .seconds(45)
    /// The time that a device waits for the acknowledgement of its last message. A receiver stops asking its user this
    /// long before the deadline.
    public var farewell: Duration = .seconds(3)
    /// The first wait before a reconnect. It doubles up to ``maximumBackoff``, and half of it is random.
    public var firstBackoff: Duration = .milliseconds(200)
    /// The longest wait before a reconnect.
    public var maximumBackoff: Duration = .seconds(10)
    /// The most mistyped words that a holder accepts before it gives up, and the most empty answers.
    public var wordTries = 3
    /// The most work that a relay may ask for, in leading zero bits: about two seconds on a slow phone.
    public var maximumWork = 22

    /// The defaults.
    public init() {}
}
