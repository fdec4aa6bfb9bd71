/// How long the directory keeps what is registered, from the last time that it was.
package struct DirectoryTimes: Hashable, Sendable {
    /// A room at its slot: twice the longest life of a room, so that its slot is not given out again meanwhile.
    package var slot = Duration.seconds(30 * 60)
    /// A room without a slot.
    package var room = Duration.seconds(16 * 60)

    package init() {}
}
