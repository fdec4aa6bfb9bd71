/// Every limit of the client, each with its default and its reason (`Protocol/limits.md`, "Devices").
public struct ClientLimits: Hashable, Sendable {
    /// How many codes one act of the user shows, whatever ended them: each is three guesses of 2⁻²⁵ for a stranger.
    public var codesPerOffer = 3
    /// How many tries a visitor has for one code: each is a guess for a false offerer.
    public var triesPerCode = 3
    /// How long a code lives at most, whatever the relay says.
    public var codeLifetime: Duration = .seconds(600)
    /// How long a seated pairing may take at most, whatever the relay says.
    public var seatedLifetime: Duration = .seconds(300)
    /// How long one attempt to connect may take: TCP, TLS and upgrade.
    public var connectTimeout: Duration = .seconds(10)
    /// How long the relay may take to answer the first frame of a connection.
    public var answerTimeout: Duration = .seconds(15)
    /// How long a holder waits for the receipt before it says "sent, not confirmed".
    public var receiptTimeout: Duration = .seconds(60)
    /// How long a receiver that has stored the seed stays to see its receipt acknowledged.
    public var linger: Duration = .seconds(30)
    /// How long a device stays after its last word to see it acknowledged.
    public var farewell: Duration = .seconds(3)
    /// The first wait before connecting again; it doubles up to ``maximumBackoff``, and half of it is random.
    public var firstBackoff: Duration = .milliseconds(200)
    /// The longest wait before connecting again.
    public var maximumBackoff: Duration = .seconds(10)
    /// How often a holder may mistype the word from the other screen.
    public var wordTries = 3
    /// The most work a relay may ask for, in bits: about two seconds on a slow phone.
    public var maximumWork = 22

    /// The defaults.
    public init() {}
}
