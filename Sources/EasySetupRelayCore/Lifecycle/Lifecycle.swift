/// The phases of a relay's shutdown: serving, draining, ending, ended. The type takes events and the time, and gives
/// orders.
package struct Lifecycle: Sendable {
    private enum Phase: Sendable {
        case serving
        /// The relay admits no new devices. Active pairings go on until the deadline.
        case draining(until: Duration)
        /// The relay closes every connection, and cuts those that are open at the deadline. HTTP connections stay open
        /// until each poll has been answered.
        case ending(until: Duration, areRequestsClosed: Bool)
        case ended(isTold: Bool)
    }

    package enum Order: Equatable {
        /// Tell all devices to go to another relay, and close all connections.
        case end
        /// Close the HTTP connections, because each poll has been answered.
        case closeRequests
        /// Cut the connections that are still open.
        case hangUp
        /// The relay has ended, because no connection is left.
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

    /// Whether the relay admits new devices.
    package var isServing: Bool {
        if case .serving = phase { true } else { false }
    }

    /// Whether the relay still accepts connections. A draining relay accepts them for devices that are pairing and for
    /// health checks. An ending relay accepts them only for the last polls of long-polling devices.
    /// - Parameter untold: the number of closed long-polling sessions whose device has not received that news yet.
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

    /// Begins to drain. False when the relay was draining or ending before.
    package mutating func drain(now: Duration) -> Bool {
        guard case .serving = phase else { return false }
        phase = .draining(until: now + drainTime)
        return true
    }

    /// Begins to end at once. Gives the orders to carry out.
    package mutating func stop(now: Duration) -> [Order] {
        switch phase {
        case .serving, .draining: [end(now), .hangUp]
        case .ending: [.hangUp]
        case .ended: []
        }
    }

    /// When the caller must call ``deadlinePassed(now:)``, on the monotonic clock; nil for never.
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

    /// The next order of the shutdown, if the numbers of rooms and connections now allow it; otherwise nil. The caller
    /// calls it after each change. `untold` is the number of closed long-polling sessions whose device has not received
    /// that news yet.
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

    /// Whether the relay has ended. Only the first such call returns true, so that the caller reports the end once.
    package mutating func takeEnd() -> Bool {
        guard case .ended(isTold: false) = phase else { return false }
        phase = .ended(isTold: true)
        return true
    }
}
