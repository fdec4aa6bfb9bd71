/// The phases of a relay's shutdown: serving, draining, ending, ended. It takes events and the time and gives orders.
package struct Lifecycle: Sendable {
    private enum Phase: Sendable {
        case serving
        /// No new devices are admitted; active pairings go on until the deadline.
        case draining(until: Duration)
        /// Every connection is being closed, and is cut at the deadline. HTTP connections stay until each poll has been
        /// answered.
        case ending(until: Duration, areRequestsClosed: Bool)
        case ended(isTold: Bool)
    }

    package enum Order: Equatable {
        /// Tell devices to go to another relay, and close all connections.
        case end
        /// Each poll has been answered: close the HTTP connections.
        case closeRequests
        /// Cut the connections that are still open.
        case hangUp
        /// The relay has ended: no connection is left.
        case ended
    }

    private let drainTime: Duration
    private let closingTime: Duration
    private var phase = Phase.serving

    /// - Parameters:
    ///   - drainTime: how long active pairings may go on while the relay drains.
    ///   - closingTime: how long connections may take to close.
    package init(drainTime: Duration, closingTime: Duration) {
        self.drainTime = drainTime
        self.closingTime = closingTime
    }

    /// Whether new devices are admitted.
    package var isServing: Bool {
        if case .serving = phase { true } else { false }
    }

    /// Whether connections are still accepted: while draining, for devices of a pairing and for health checks; while
    /// ending, as long as `untold` devices may send their last polls on new connections.
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

    /// Begins to drain. False when the relay drains or ends already.
    package mutating func drain(now: Duration) -> Bool {
        guard case .serving = phase else { return false }
        phase = .draining(until: now + drainTime)
        return true
    }

    /// Begins to end at once.
    package mutating func stop(now: Duration) -> [Order] {
        switch phase {
        case .serving, .draining: [end(now), .hangUp]
        case .ending: [.hangUp]
        case .ended: []
        }
    }

    /// When ``deadlinePassed(now:)`` is to be called; nil for never.
    package var due: Duration? {
        switch phase {
        case .serving, .ended: nil
        case .draining(let until), .ending(let until, _): until
        }
    }

    package mutating func deadlinePassed(now: Duration) -> Order? {
        switch phase {
        case .draining(let until) where until <= now: end(now)
        case .ending(let until, _) where until <= now: .hangUp
        case .serving, .draining, .ending, .ended: nil
        }
    }

    /// To be called after changes. Takes the present number of rooms and connections, and of devices that have not been
    /// told that they are closed.
    package mutating func changed(rooms: Int, connections: Int, untold: Int, now: Duration) -> Order? {
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

    private mutating func end(_ now: Duration) -> Order {
        phase = .ending(until: now + closingTime, areRequestsClosed: false)
        return .end
    }

    /// Whether the relay has ended. It returns true once, so that the end is reported once.
    package mutating func takeEnd() -> Bool {
        guard case .ended(isTold: false) = phase else { return false }
        phase = .ended(isTold: true)
        return true
    }
}
