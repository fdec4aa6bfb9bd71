/// The phases of a relay's shutdown: serving, draining, ending, ended. The caller passes events and the time, and the
/// type returns commands to carry out.
package struct Lifecycle: Sendable {
    private enum Phase: Sendable {
        case serving
        /// The relay admits no new devices. Pairings in progress go on until the deadline.
        case draining(until: Duration)
        /// The relay closes its connections, and cuts those that are still open at the deadline. HTTP connections stay
        /// open until each long-polling device has learned that its session is closed.
        case ending(until: Duration, areRequestsClosed: Bool)
        case ended(isTold: Bool)
    }

    package enum Command: Equatable {
        /// Send `goodbye` to all devices, so that they go to another relay, and close their connections.
        case end
        /// Close the HTTP connections, because each long-polling device has learned that its session is closed.
        case closeRequests
        /// Cut the connections that are still open, because their time to close is over.
        case hangUp
        /// The shutdown is complete, because no connection is left.
        case ended
    }

    /// How long pairings in progress may go on while the relay drains. A change counts from the next drain on.
    package var drainTime: Duration
    private let closingTime: Duration
    private var phase = Phase.serving

    /// - Parameters:
    ///   - drainTime: how long pairings in progress may go on while the relay drains.
    ///   - closingTime: how long connections may take to close when the relay ends.
    package init(drainTime: Duration, closingTime: Duration) {
        self.drainTime = drainTime
        self.closingTime = closingTime
    }

    /// Whether the relay admits new devices: its shutdown has not begun.
    package var isServing: Bool {
        if case .serving = phase { true } else { false }
    }

    /// Whether the relay still accepts connections. A draining relay accepts them for devices that are pairing and for
    /// health checks. An ending relay accepts them only for the last polls of long-polling devices.
    /// - Parameter untold: the number of closed long-polling sessions whose device has not learned of the closing yet.
    package func accepts(untold: Int) -> Bool {
        switch phase {
        case .serving, .draining: true
        case .ending: untold > 0
        case .ended: false
        }
    }

    /// Whether a device may open a long-polling session.
    package var takesCallers: Bool {
        switch phase {
        case .serving, .draining: true
        case .ending, .ended: false
        }
    }

    /// Begins to drain. False, and no change, when the shutdown had begun before.
    package mutating func drain(now: Duration) -> Bool {
        guard case .serving = phase else { return false }
        phase = .draining(until: now + drainTime)
        return true
    }

    /// Ends without draining: all connections are to be closed, and cut at once. Returns the commands that the caller
    /// must carry out.
    package mutating func stop(now: Duration) -> [Command] {
        switch phase {
        case .serving, .draining: [end(now), .hangUp]
        case .ending: [.hangUp]
        case .ended: []
        }
    }

    /// When the caller must next call ``deadlinePassed(now:)``, on the monotonic clock; nil if no deadline is set.
    package var due: Duration? {
        switch phase {
        case .serving, .ended: nil
        case .draining(let until), .ending(let until, _): until
        }
    }

    package mutating func deadlinePassed(now: Duration) -> Command? {
        switch phase {
        case .draining(let until) where until <= now: end(now)
        case .ending(let until, _) where until <= now: .hangUp
        case .serving, .draining, .ending, .ended: nil
        }
    }

    /// The next command of the shutdown, if the numbers of rooms and connections now allow that step; otherwise nil. The
    /// caller must call it after each change of these numbers. `untold` is the number of closed long-polling sessions
    /// whose device has not learned of the closing yet.
    package mutating func changed(rooms: Int, connections: Int, untold: Int, now: Duration) -> Command? {
        switch phase {
        case .serving, .ended: return nil
        case .draining: return rooms == 0 ? end(now) : nil
        case .ending(let until, let areRequestsClosed):
            guard untold == 0 else { return nil }
            guard areRequestsClosed else {
                phase = .ending(until: until, areRequestsClosed: true)
                return .closeRequests
            }
            guard connections == 0 else { return nil }
            phase = .ended(isTold: false)
            return .ended
        }
    }

    private mutating func end(_ now: Duration) -> Command {
        phase = .ending(until: now + closingTime, areRequestsClosed: false)
        return .end
    }

    /// True at the first call after the relay has ended, and false at all others, so that the caller reports the end
    /// once.
    package mutating func takeEnd() -> Bool {
        guard case .ended(isTold: false) = phase else { return false }
        phase = .ended(isTold: true)
        return true
    }
}
