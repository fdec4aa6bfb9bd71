import CLoad
import Glibc

/// What a ``Poller`` tells its connections.
protocol Polled: AnyObject {
    var descriptor: Int32 { get }
    /// It can be read from, or written to; or its peer will send no more, or it has failed.
    func ready(readable: Bool, writable: Bool, ended: Bool)
}

/// epoll, edge-triggered, and nothing around it: the generator must cost less than what it measures.
final class Poller {
    private let descriptor: Int32
    private var events = [epoll_event](repeating: epoll_event(), count: 512)
    private var table: [(any Polled)?] = []
    private let spins: Bool
    /// Seconds in which it looked and there was nothing.
    private(set) var idle = 0.0

    /// - Parameter spins: whether it goes on looking where it would sleep. A server that writes to a process asleep on the same machine
    ///   pays for waking it, which no server does for devices elsewhere; for this, the poller needs a core of its own.
    init(spins: Bool = false) {
        descriptor = epoll_create1(0)
        self.spins = spins
    }

    deinit {
        close(descriptor)
    }

    /// To be told of everything from now on.
    func add(_ polled: any Polled) {
        let number = Int(polled.descriptor)
        while table.count <= number { table.append(nil) }
        table[number] = polled
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        event.data.u32 = UInt32(number)
        epoll_ctl(descriptor, EPOLL_CTL_ADD, polled.descriptor, &event)
    }

    /// To be told nothing more; before the descriptor is closed.
    func remove(_ polled: any Polled) {
        table[Int(polled.descriptor)] = nil
    }

    /// Waits for something to happen, for so many milliseconds at most, and tells the connections.
    func turn(milliseconds: Int32) {
        let clock = StopWatch()
        let count = epoll_wait(descriptor, &events, Int32(events.count), spins ? 0 : milliseconds)
        guard count > 0 else {
            if spins { idle += clock.seconds }
            return
        }
        for index in 0..<Int(count) {
            let flags = events[index].events
            table[Int(events[index].data.u32)]?.ready(
                readable: flags & EPOLLIN.rawValue != 0,
                writable: flags & EPOLLOUT.rawValue != 0,
                ended: flags & (EPOLLERR.rawValue | EPOLLHUP.rawValue | EPOLLRDHUP.rawValue) != 0
            )
        }
    }
}
