/// The limits of calls to a service for credentials (`Protocol/limits.md`, "A device at a service for credentials").
public struct CredentialsLimits: Sendable {
    /// How often a call is tried.
    public var tries = 4
    /// The pause after the first try that failed, where the service asks for none; it doubles with each. Half of it is drawn.
    public var pause: Duration = .milliseconds(500)
    /// The longest pause before the next try. A service that asks for a longer one gets no further try by this call.
    public var longestPause: Duration = .seconds(10)
    /// The time for one try, from connecting to the end of the answer.
    public var callTimeout: Duration = .seconds(30)
    /// The greatest length of an answer in bytes: more than forms for all collections that a certificate can have.
    public var answerBytes = 262_144
    /// By how much the service's time may differ from that of a request that it took, beside the time for one try.
    public var clockWindow: Duration = .seconds(120)
    /// The longest time for which a device believes that credentials count.
    public var longestSession: Duration = .seconds(604_800)
    /// The rest of the time of a session that was kept from which on a new one is asked for in place of it.
    public var renewalMargin: Duration = .seconds(300)

    /// How many collections the certificate of a device without the seed may have in a chain that is at a service, the chain's
    /// own among them: so many can every service give.
    public static let serviceRights = 26

    /// Makes the usual limits.
    public init() {}
}
