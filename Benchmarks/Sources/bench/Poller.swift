import CLoad
import Glibc

/// A connection that a ``Poller`` watches.
protocol Polled: AnyObject {
    var descriptor: Int32 { get }
    /// Tells that the connection is readable or writable, or that it has ended: the peer will send no more, or the
    /// connection has failed.
    func ready(readable: Bool, writable: Bool, ended: Bool)
}

/// Edge-triggered epoll without any layer above, because the load generator must cost less than the server that it
/// measures.
final class Poller {
    private let descriptor: Int32
    private var events = [epoll_event](repeating: epoll_event(), count: 512)
    private var table: [(any Polled)?] = []
    private let spins: Bool
    /// The seconds in which a spinning poller found no event; 0 if it does not spin.
    private(set) var idle = 0.0

    /// - Parameter spins: whether the poller spins where it would sleep. A server that writes to a sleeping process on
    ///   the same machine pays for waking it, which it does not for devices elsewhere. Spinning avoids that, but needs
    ///   a core of its own.
    init(spins: Bool = false) {
        descriptor = epoll_create1(0)
        self.spins = spins
    }

    deinit {
        close(descriptor)
    }

    /// Starts reporting events of a connection.
    func add(_ polled: any Polled) {
        let number = Int(polled.descriptor)
        while table.count <= number { table.append(nil) }
        table[number] = polled
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        event.data.u32 = UInt32(number)
        epoll_ctl(descriptor, EPOLL_CTL_ADD, polled.descriptor, &event)
    }

    /// Stops reporting events of a connection. Call it before the connection's descriptor is closed.
    func remove(_ polled: any Polled) {
        table[Int(polled.descriptor)] = nil
    }

    /// Waits for events for at most this many milliseconds, and reports them to the connections.
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
