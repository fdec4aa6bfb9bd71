import NIOCore

/// How far a relay is on its way to the end: it serves, drains, closes everything, has ended. Events and the time in, orders out.
struct Lifecycle: Sendable {
    private enum Phase: Sendable {
        case serving
        /// Nothing new; pairings in hand go on until the deadline.
        case draining(until: NIODeadline)
        /// Every connection is being closed, and cut at the deadline. Those that carry requests stay until each poll has been answered.
        case ending(until: NIODeadline, areRequestsClosed: Bool)
        case ended(isTold: Bool)
    }

    enum Order: Equatable {
        /// Devices are told to go on elsewhere, and all connections are closed.
        case end
        /// Each poll has been answered: connections that carry requests are closed.
        case closeRequests
        /// Connections that are still there are cut.
        case hangUp
        /// Nothing is there any more.
        case ended
    }

    private let drainTime: TimeAmount
    private let closingTime: TimeAmount
    private var phase = Phase.serving

    init(limits: ConnectionLimits) {
        drainTime = TimeAmount(limits.drainTime)
        closingTime = TimeAmount(limits.closingTime)
    }

    /// Whether devices that are new are taken.
    var isServing: Bool {
        if case .serving = phase { true } else { false }
    }

    /// Whether connections are still taken, for a device in a pairing that comes back, and for whoever watches the relay's health; at
    /// the very end for `untold` devices whose last polls may come on connections of their own.
    func accepts(untold: Int) -> Bool {
        switch phase {
        case .serving, .draining: true
        case .ending: untold > 0
        case .ended: false
        }
    }

    /// Whether a device may begin to come through calls.
    var takesCallers: Bool {
        switch phase {
        case .serving, .draining: true
        case .ending, .ended: false
        }
    }

    /// The relay is to drain. False when it does already, or more.
    mutating func drain(now: NIODeadline) -> Bool {
        guard case .serving = phase else { return false }
        phase = .draining(until: now + drainTime)
        return true
    }

    /// The relay is to end at once.
    mutating func stop(now: NIODeadline) -> [Order] {
        switch phase {
        case .serving, .draining: [end(now), .hangUp]
        case .ending: [.hangUp]
        case .ended: []
        }
    }

    /// When ``deadlinePassed(now:)`` is to be called; nil for never.
    var due: NIODeadline? {
        switch phase {
        case .serving, .ended: nil
        case .draining(let until), .ending(let until, _): until
        }
    }

    mutating func deadlinePassed(now: NIODeadline) -> Order? {
        switch phase {
        case .draining(let until) where until <= now: end(now)
        case .ending(let until, _) where until <= now: .hangUp
        case .serving, .draining, .ending, .ended: nil
        }
    }

    /// Something has changed: how many rooms and connections there are now, and devices that have not been told that they are closed.
    mutating func changed(rooms: Int, connections: Int, untold: Int, now: NIODeadline) -> Order? {
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

    private mutating func end(_ now: NIODeadline) -> Order {
        phase = .ending(until: now + closingTime, areRequestsClosed: false)
        return .end
    }

    /// Whether the relay has ended, once.
    mutating func takeEnd() -> Bool {
        guard case .ended(isTold: false) = phase else { return false }
        phase = .ended(isTold: true)
        return true
    }
}
