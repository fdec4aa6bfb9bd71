/// The limits that only a relay among others has (`Protocol/limits.md`, "A relay among others").
package struct SharingLimits: Hashable, Sendable {
    /// The most devices at other relays that are in rooms here. Error: `relay-full`.
    package var farDevices = 50_000
    /// The time to wait that a device is told which finds its room elsewhere: at once, but not so often that two relays
    /// could send it to each other in a circle without a pause.
    package var comeAgain: Duration = .milliseconds(300)
    /// How long a device waits at most while its room is sought, or the directory is asked about it: longer than the
    /// seeking takes.
    package var soughtAtMost: Duration = .seconds(60)
    /// How long after the directory has lost its data a room's home may not be the only one: other relays register what
    /// they have each second.
    package var lostDoubt: Duration = .seconds(60)
    /// How long a relay is cut off from the directory before it sends its rooms on.
    package var sendOnAfter: Duration = .seconds(5)
    /// The most rooms that it sends on in a second, because their offerers all come to the other relays.
    package var sentOnPerSecond = 500
    /// The most rooms that a relay registers again in a second.
    package var takesPerSecond = 2_000
    /// The first pause after which a room without its offerer is looked up. Each further one is twice as long.
    package var copyLook: Duration = .seconds(2)
    /// The longest pause between two such looks.
    package var copyLookAtMost: Duration = .seconds(8)
    /// How long before the end of its time a room is looked up each second.
    package var lastLooks: Duration = .seconds(2)
    /// The slots of each length that a relay has claimed ahead of need.
    package var claims = 64
    /// How long a claim is used: the directory keeps it for this time and the longest life of a room.
    package var claimAge: Duration = .seconds(900)
    /// The failed claims among the last 64 of a length at which a quarter of its slots counts as taken, so that the
    /// relay issues longer ones.
    package var failedClaims = 16
    /// The part of a limit of a prefix that a relay may have counted without telling it the others: an eighth.
    package var untoldPart = 8
    /// The most prefixes of which a relay counts in a ``Limits/counterWindow`` what it has not told yet, for offers, visits
    /// and misses each. It tells nothing of further ones, but their wider blocks' counts.
    package var untoldPrefixes = 16_384

    package init() {}
}
