/// The limits of calls to a store.
public struct S3Limits: Sendable {
    /// How often a call is tried.
    public var tries = 5
    /// The pause after the first try that failed; it doubles with each. Half of it is drawn.
    public var pause: Duration = .milliseconds(200)
    /// The longest pause before the next try. A store that asks for a longer one gets no further try by this call.
    public var longestPause: Duration = .seconds(10)
    /// The time for one try, from connecting to the end of the answer. A page of a listing may have a megabyte.
    public var callTimeout: Duration = .seconds(60)
    /// The time before the end of credentials from which on they are renewed.
    public var renewalMargin: Duration = .seconds(300)
    /// The shortest time between two renewals that only the clock asks for. A clock that is wrong by years so costs one
    /// call in this time.
    public var renewalPause: Duration = .seconds(30)
    /// The age of the credentials of a chain that is full from which on a write asks for others: a service counts a chain's
    /// objects again after this time.
    public var fullPause: Duration = .seconds(600)
    /// A clock that differs more than this from the time of a signature makes the store refuse it, so that a refused
    /// call is signed anew by the store's clock.
    public var clockTolerance: Duration = .seconds(240)
    /// The greatest number of connections that are kept open without a call.
    public var idleConnections = 4

    /// Makes the usual limits.
    public init() {}
}
