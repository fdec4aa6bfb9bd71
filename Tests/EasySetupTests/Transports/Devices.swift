import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Logging
import Synchronization
import TestSupport
import Testing

/// Collects from a device's log the transports by which it reached its relay.
final class TransportLog: Sendable {
    private let kept = Mutex<[String]>([])

    var transports: [String] { kept.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test.transport") { _ in Handler(log: self) }
        logger.logLevel = .debug
        return logger
    }

    private struct Handler: LogHandler {
        let log: TransportLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard let transport = event.metadata?["transport"] else { return }
            log.kept.withLock { $0.append("\(transport)") }
        }
    }
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
        let (here, there) = (TransportLog(), TransportLog())
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
        var transports = UsedTransports("", visitor: "")
        transports.offerer = Set(here.transports)
        transports.visitor = Set(there.transports)
        transports.connections = here.transports.count + there.transports.count
        return transports
    }

    private func client(_ name: String, _ store: MemorySeedStore, _ log: TransportLog) -> PairingClient {
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
