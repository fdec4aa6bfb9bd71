/// How long the directory keeps what is registered, from the last time that it was.
package struct DirectoryTimes: Hashable, Sendable {
    /// A room at its slot: as long as a claim may wait to be used, and then the longest life of a room.
    package var slot: Duration
    /// A room without a slot: a minute longer than the longest life of a room.
    package var room: Duration
    /// A long-polling session: twice the time after which it is registered again.
    package var session = Duration.seconds(90)

    /// - Parameters:
    ///   - roomLifetime: the longest life of a room.
    ///   - claimAge: how long a claimed slot may wait until it is used.
    package init(roomLifetime: Duration = .seconds(900), claimAge: Duration = .seconds(900)) {
        (slot, room) = (claimAge + roomLifetime, roomLifetime + .seconds(60))
    }

    /// How long what a ``TakeRequest`` writes is kept.
    /// - Parameter hasSlot: whether it is at its slot.
    func time(_ kept: TakeRequest.Time, hasSlot: Bool) -> Duration {
        switch kept {
        case .room: hasSlot ? slot : room
        case .session: session
        case .noLonger: .zero
        }
    }
}
