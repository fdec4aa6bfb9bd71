/// Every limit of the client, each with its default and its reason (`Protocol/limits.md`, "Devices").
public struct ClientLimits: Hashable, Sendable {
    /// How many codes one act of the user shows, whatever ended them: each is three guesses of 2⁻²⁵ for a stranger.
    public var codesPerOffer = 3
    /// After how many visitors of one code that came and went without a proof the code is replaced by one that strangers
    /// can't find: four times what has a place at once, far more than a person's slips.
    public var crowd = 64
    /// How many tries a visitor has for one code: each is a guess for a false offerer.
    public var triesPerCode = 3
    /// How long a code lives at most, whatever the relay says.
    public var codeLifetime: Duration = .seconds(600)
    /// How long a seated pairing may take at most, whatever the relay says.
    public var seatedLifetime: Duration = .seconds(300)
    /// How long one attempt to connect may take: TCP, TLS and upgrade; by long polling as long again, the first answer
    /// included.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a host that has taken the connection may take to upgrade to WebSocket, and after that until the first frame of
    /// any kind; then long polling is tried. Half of ``connectTimeout``, for a network that swallows WebSockets says nothing.
    public var upgradeTimeout: Duration = .seconds(5)
    /// The longest head of a proxy's answer that is read, in bytes: twice what servers commonly send, and nothing that a proxy could fill
    /// a device's memory with.
    public var proxyAnswer = 16_384
    /// How long a relay is given to answer a goodbye: what was said last must have left the device.
    public var goodbye: Duration = .seconds(2)
    /// How long a relay may keep a call that asks for frames: proxies end a silent connection after 30 s or more.
    public var pollWait: Duration = .seconds(20)
    /// How long any call may take beyond what it lets the relay wait: four round trips on a bad mobile network.
    public var callTimeout: Duration = .seconds(10)
    /// How often a call is made before the connection is taken for lost: a relay or proxy that starts again is back within
    /// these.
    public var callTries = 5
    /// The first pause before a call is made again; it doubles, and half of it is random. Also what comes between two polls
    /// when the first brought nothing.
    public var callPause: Duration = .milliseconds(200)
    /// After so long without a word a relay is asked for a sign of life; after as long again the connection is lost. A phone
    /// that changes its network leaves a connection behind that nobody ends.
    public var silence: Duration = .seconds(15)
    /// How long the relay may take to answer the first frame of a connection.
    public var answerTimeout: Duration = .seconds(15)
    /// How many connections in a row may open and end without the answer to their first frame before a device without a place
    /// at the relay gives up: one or two are the network's fault, three are the relay's.
    public var answerTries = 3
    /// How long after its first failure a device tries to reach a relay that it never reached: one that is being started is back
    /// by then, and a wrong address is told soon.
    public var reachTimeout: Duration = .seconds(2)
    /// How long a visitor that lost its connection takes an unknown slot for one whose offerer is not back yet: the longest wait
    /// before connecting again, and some.
    public var offererReturn: Duration = .seconds(15)
    /// How long the work that a relay asks for may take, its answer included: what a relay gives for it, and a round trip.
    public var workTimeout: Duration = .seconds(45)
    /// How long a holder waits for the receipt before it says "sent, not confirmed"; longer where the receiver asks its user first.
    public var receiptTimeout: Duration = .seconds(60)
    /// How long a receiver that has stored the seed stays to see its receipt acknowledged: longer than it takes to notice a
    /// connection that nobody ended, twice ``silence``, and to make another.
    public var linger: Duration = .seconds(45)
    /// How long a device stays after its last word to see it acknowledged; a receiver's question ends so long before the deadline.
    public var farewell: Duration = .seconds(3)
    /// The first wait before connecting again; it doubles up to ``maximumBackoff``, and half of it is random.
    public var firstBackoff: Duration = .milliseconds(200)
    /// The longest wait before connecting again.
    public var maximumBackoff: Duration = .seconds(10)
    /// How often a holder may mistype the word from the other screen, and how often type nothing.
    public var wordTries = 3
    /// The most work a relay may ask for, in bits: about two seconds on a slow phone.
    public var maximumWork = 22

    /// The defaults.
    public init() {}
}
