package import EasySetupRelayProtocol

/// Somebody who is no user: he does as he likes, and the laws hold all the same.
package protocol Stranger: AnyObject {
    /// The world has taken him in.
    func begin()
    /// The users are done: he goes, so that the relays' memory can be looked at.
    func stop()
}

/// A stranger with one connection, to be made into a particular one: what he does when he hears something is his own.
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

    /// What he does first.
    package func begin() {}
    /// His connection is open.
    package func isConnected() {}
    /// The relay said something.
    package func hears(_ frame: RelayFrame) {}
    /// His connection is gone, or could not be made.
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

    /// Something later, unless he is gone by then.
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

    /// A code that is shown at his relay now and whose slot can be found by sweeping, if there is one.
    package func findCode() -> ShownCode? {
        random.pick(
            world.codes.filter { $0.relay === relay && $0.isShown && $0.slot.utf8.count < Slot.lengths.upperBound }
        )
    }
}
