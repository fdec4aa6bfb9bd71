import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Logging
import TestSupport
import Testing

/// The error with which a device that offers a seed fails; nil after a success. It tries once to reach the relay.
func offerFailure(
    at address: RelayAddress,
    roots: TrustedRoots = .system,
    by proxies: ProxySettings = .none,
    limits: ClientLimits = .unhurried
) async throws -> PairingError? {
    var limits = limits
    limits.reachTimeout = .zero
    let client = PairingClient(
        name: DeviceName(cleaning: "one")!,
        store: MemorySeedStore(.random()),
        roots: roots,
        proxies: proxies,
        limits: limits
    )
    return try await Watch(client.offer(at: address) { _ in .decline }).failure()
}

/// Two devices that pair, each with its own address for the same relay.
struct TwoDevices: Sendable {
    /// The address that each device uses: the relay's own, or that of a server in front of it.
    var offerer: RelayAddress
    var visitor: RelayAddress
    var roots = TrustedRoots.system
    var proxies = ProxySettings.environment
    var limits = ClientLimits.unhurried

    struct UsedTransports: Equatable, CustomStringConvertible {
        /// The transports that each device used, each once.
        var offerer: Set<String>
        var visitor: Set<String>
        /// The number of connections of both devices that the relay answered.
        var connections = 0

        static func == (one: UsedTransports, other: UsedTransports) -> Bool {
            (one.offerer, one.visitor) == (other.offerer, other.visitor)
        }

        init(_ offerer: String..., visitor: String...) {
            self.offerer = Set(offerer)
            self.visitor = Set(visitor)
        }

        var description: String { "\(offerer.sorted()) and \(visitor.sorted())" }
    }

    /// Pairs the devices. The receiver must have stored the seed, and the offerer's user must have been asked only
    /// once.
    ///
    /// - Parameter meanwhile: runs while the offerer's user is asked.
    /// - Returns: the transports that the devices used.
    func pair(meanwhile: @escaping @Sendable () async -> Void = {}) async throws -> UsedTransports {
        let (here, there) = (LogKeeper(), LogKeeper())
        let seed = SyncSeed.random()
        let asked = Attempts()
        let offering = Watch(
            client("old laptop", MemorySeedStore(seed), here).offer(at: offerer) { _ in
                _ = await asked.next()
                await meanwhile()
                return .approve
            }
        )
        let code = try await offering.offer().code
        let store = MemorySeedStore()
        let joining = Watch(client("new phone", store, there).join(code, at: visitor) { _ in .decline })
        #expect(try await joining.outcome().get().userID == seed.userID)
        #expect(try await offering.outcome().get().userID == seed.userID)
        let stored = try await #require(store.load())
        #expect(stored.isSame(as: seed))
        #expect(await asked.count == 1)
        let (transportsHere, transportsThere) = (here.values(of: "transport"), there.values(of: "transport"))
        var transports = UsedTransports("", visitor: "")
        transports.offerer = Set(transportsHere)
        transports.visitor = Set(transportsThere)
        transports.connections = transportsHere.count + transportsThere.count
        return transports
    }

    private func client(_ name: String, _ store: MemorySeedStore, _ log: LogKeeper) -> PairingClient {
        PairingClient(
            name: DeviceName(cleaning: name)!,
            store: store,
            roots: roots,
            proxies: proxies,
            limits: limits,
            logger: log.logger
        )
    }
}
