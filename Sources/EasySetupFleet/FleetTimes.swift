/// The times of a relay among others (`Protocol/fleet.md`, "Times").
package struct FleetTimes: Hashable, Sendable {
    /// How often a relay tells all others that it is there.
    package var beat = Duration.seconds(2)
    /// How long a relay may be silent before others take it for one that does not answer.
    package var homeSilence = Duration.seconds(5)
    /// How long an entry takes a home that has not answered for one that does not answer.
    package var suspicion = Duration.seconds(5)
    /// How long an end of a trunk with legs says nothing before it says `ping`.
    package var trunkPing = Duration.seconds(2)
    /// How long an end of a trunk with legs hears nothing before the trunk is broken.
    package var trunkSilence = Duration.seconds(5)
    /// How long an entry keeps a trunk without legs. A home keeps one for ``trunkSilence`` longer, so that no entry
    /// speaks on a trunk that its home has forgotten.
    package var trunkUnused = Duration.seconds(60)
    /// How long a home may take to answer a device's first frame.
    package var homeAnswer = Duration.seconds(2)
    /// How often an entry seeks a room that it has not found.
    package var seekAgain = Duration.seconds(1)
    /// How long an entry seeks a room for a device that typed a code.
    package var homeReturn = Duration.seconds(45)
    /// How long after a relay has joined, or has learned that the directory has lost data, a miss is no proof that
    /// there is no room.
    package var missDoubt = Duration.seconds(60)
    /// How long after the last look at the clock a relay has slept.
    package var asleep = Duration.seconds(5)
    /// The time that a relay tells a device to wait before it comes back, to this relay or another one.
    package var comeAgain = Duration.milliseconds(300)

    package init() {}
}
