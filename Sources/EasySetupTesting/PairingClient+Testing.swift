public import EasySetup
public import EasySetupHandshake
public import EasySetupPairingSession
public import Logging

extension PairingClient {
    /// Makes a client for a test, whose network leads to a ``TestRelay``. It differs from an app's client in its
    /// network and its clock alone.
    ///
    /// - Parameters:
    ///   - name: the person's name for this device, which the other device shows.
    ///   - platform: the kind of system that this device runs.
    ///   - store: the place where this device keeps its seed.
    ///   - limits: the client's timeouts and maximum counts, each with a default.
    ///   - network: the network of the device, which the test may interrupt.
    ///   - logger: receives entries at the levels debug and trace. The default logger drops all entries.
    public init(
        name: DeviceName,
        platform: Platform = .current,
        store: any SeedStore,
        limits: ClientLimits = ClientLimits(),
        network: TestNetwork,
        logger: Logger = Logger(label: "easysetup.client") { _ in SwiftLogNoOpLogHandler() }
    ) {
        let clock = network.relay.clock
        self.init(
            name: name,
            platform: platform,
            store: store,
            limits: limits,
            system: ClientSystem(network: network, clock: clock, executor: clock.executor),
            logger: logger
        )
    }

    /// Makes a client for a test, with a network of its own that leads to a ``TestRelay``.
    ///
    /// - Parameters:
    ///   - name: the person's name for this device, which the other device shows.
    ///   - platform: the kind of system that this device runs.
    ///   - store: the place where this device keeps its seed.
    ///   - relay: the relay at which the devices of the test meet.
    public init(
        name: DeviceName,
        platform: Platform = .current,
        store: any SeedStore,
        relay: TestRelay
    ) {
        self.init(name: name, platform: platform, store: store, network: TestNetwork(to: relay))
    }
}
