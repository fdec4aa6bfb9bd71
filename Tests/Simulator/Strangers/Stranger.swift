package import EasySetupRelayProtocol
package import SeededRandom

/// A party that is no user's device and may do anything. The laws must hold nevertheless.
package protocol Stranger: AnyObject {
    /// Begins, after it was added to the world.
    func begin()
    /// Stops when the users are done, so that the relays' memory can be checked.
    func stop()
}

/// The base class of strangers with one connection. Subclasses decide what to do on each event.
package class Outsider: Client, Stranger {
    package unowned let world: World
    package unowned let relay: any RelayEnd
    package var path: Path
    package var random: SplitMix
    package private(set) var isStopped = false
    package private(set) var connection: Connection?

    package init(_ world: World, at relay: any RelayEnd, path: Path) {
        self.world = world
        self.relay = relay
        self.path = path
        random = world.random.fork()
    }

    /// The first action.
    package func begin() {}
    /// The connection is open.
    package func isConnected() {}
    /// The relay has sent a frame.
    package func hears(_ frame: RelayFrame) {}
    /// The connection has ended, or could not be made.
    package func isLost() {}

    package func stop() {
        isStopped = true
        hangUp()
    }

    package func connect() {
        guard !isStopped else { return }
        hangUp()
        connection = world.connect(self, to: relay)
    }

    package func hangUp() {
        if let connection { world.hangUp(connection) }
        connection = nil
    }

    package func say(_ frame: DeviceFrame) { say(frame.serialized()) }

    package func say(_ bytes: [UInt8]) {
        guard let connection, connection.isOpen else { return }
        world.send(bytes, .toRelay, on: connection)
    }

    /// Runs `body` later, unless the stranger has stopped by then.
    package func after(_ time: Duration, _ body: @escaping () -> Void) {
        world.after(time) { [unowned self] in if !isStopped { body() } }
    }

    package func opened(_ connection: Connection) {
        if self.connection === connection { isConnected() }
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        guard self.connection === connection, let frame = try? RelayFrame(parsing: bytes) else { return }
        hears(frame)
    }

    package func lost(_ connection: Connection) {
        guard self.connection === connection else { return }
        self.connection = nil
        if !isStopped { isLost() }
    }

    /// A code that is shown at this relay now and whose slot a sweep can find; nil if there is none.
    package func findCode() -> ShownCode? {
        random.pick(
            world.codes.filter { $0.relay === relay && $0.isShown && $0.slot.utf8.count < Slot.lengths.upperBound }
        )
    }
}
