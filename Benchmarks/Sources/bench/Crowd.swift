/// A crowd of devices that show a code and wait, each on an open connection.
final class Crowd: ConnectionOwner {
    private let way: any Waiting
    private let poller: Poller
    private var connections: [ObjectIdentifier: any Connection] = [:]
    private var number = 0
    private var opening = 0
    private var leaving = 0
    private(set) var waiting = 0
    private var isLeaving = false
    private var failed = 0

    /// The number of devices that connect or leave at the same time.
    private static let atOnce = 256
    /// The number of loopback addresses from which devices connect, because one address has only 28,000 ports.
    private static let sources = 200
    /// The longest time that the crowd may take to form, in seconds.
    private static let patience = 600.0

    init(_ way: any Waiting, poller: Poller) {
        self.way = way
        self.poller = poller
    }

    /// Brings the crowd to `count` devices. Returns the time in seconds, or nil when a device could not connect, was
    /// disconnected, or the time was over.
    func grow(to count: Int) -> Double? {
        let clock = StopWatch()
        while waiting < count {
            while opening < Self.atOnce, waiting + opening < count, addOne() {}
            poller.turn(milliseconds: 100)
            guard failed == 0, clock.seconds < Self.patience else { return nil }
        }
        return clock.seconds
    }

    /// Lets every device leave, and waits until its connection is closed. This function closes connections that stay
    /// open too long.
    func disperse() {
        isLeaving = true
        let clock = StopWatch()
        var staying = Array(connections.values)
        while !connections.isEmpty, clock.seconds < Self.patience / 10 {
            while leaving < Self.atOnce, let connection = staying.popLast() {
                guard way.leave(connection) else {
                    connection.close()
                    connections[ObjectIdentifier(connection)] = nil
                    continue
                }
                leaving += 1
            }
            poller.turn(milliseconds: 100)
        }
        for connection in connections.values { connection.close() }
        connections = [:]
        waiting = 0
    }

    private func addOne() -> Bool {
        let source = UInt16(number % Self.sources) + 2
        number += 1
        guard let connection = way.connect(source: source, poller: poller, owner: self) else {
            failed += 1
            return false
        }
        connections[ObjectIdentifier(connection)] = connection
        opening += 1
        return true
    }

    func opened(_ connection: any Connection) {
        way.begin(connection)
    }

    func received(_ frame: UnsafeRawBufferPointer, on connection: any Connection) {
        guard way.hears(frame, on: connection) else { return }
        opening -= 1
        waiting += 1
    }

    func closed(_ connection: any Connection) {
        connections[ObjectIdentifier(connection)] = nil
        if isLeaving { leaving -= 1 } else { failed += 1 }
    }
}
