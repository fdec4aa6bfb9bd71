import EasySetupFleetStore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Holds the passwords and certificates for new connections to the servers of Redis. Operators replace the files while the
/// relay runs, so it reads them again at a reload, and after each connection that has ended.
final class RedisKeeper: Sendable {
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var settings: RedisSettings
        var loaded: LoadedRedis
        var marks: [FileMark?]
        /// The error of the last reading, as the log has it; nil if the files could be used.
        var problem: RedisSettingsError?
        /// Whether a thread reads the files.
        var isLooking = false
    }

    /// Reads the files. May block.
    init(_ settings: RedisSettings, logger: Logger) throws(RedisSettingsError) {
        self.logger = logger
        let marks = settings.marks
        state = Mutex(State(settings: settings, loaded: try settings.load(), marks: marks))
    }

    /// The servers' addresses.
    var addresses: [RedisAddress] { state.withLock { $0.loaded.addresses } }

    /// The account and the settings of TLS for a new connection to this server.
    func access(to address: RedisAddress) -> RedisAccess {
        state.withLock { state in
            let known = state.loaded.addresses.first { $0.description == address.description } ?? address
            return RedisAccess(account: known.account, tls: known.isTLS ? state.loaded.tls : nil)
        }
    }

    /// Reads the files again, or those of other settings that name the same servers. What the relay had before stays if
    /// they can't be used. May block.
    /// - Returns: whether the relay uses the files as they are now.
    func reload(_ others: RedisSettings? = nil) -> Bool {
        let settings = others ?? state.withLock { $0.settings }
        let marks = settings.marks
        do throws(RedisSettingsError) {
            let loaded = try settings.load()
            state.withLock { state in
                (state.settings, state.loaded, state.marks, state.problem) = (settings, loaded, marks, nil)
            }
            guard settings.hasFiles else { return true }
            logger.notice("password and certificates for Redis read anew")
            if let problem = loaded.keyProblem, let key = settings.certificate?.key {
                let finding = RelayFinding.openKey(key, problem)
                logger.warning("\(finding.message)", metadata: ["advice": "\(finding.advice)"])
            }
            return true
        } catch {
            state.withLock { $0.problem = error }
            tell(error)
            return false
        }
    }

    /// Reads the files again on another thread if they have changed, because a connection has ended.
    func look() {
        let looks = state.withLock { state in
            guard state.settings.hasFiles, !state.isLooking else { return false }
            state.isLooking = true
            return true
        }
        guard looks else { return }
        NIOThreadPool.singleton.submit { [self] _ in
            lookNow()
            state.withLock { $0.isLooking = false }
        }
    }

    private func lookNow() {
        let (settings, before, told) = state.withLock { ($0.settings, $0.marks, $0.problem) }
        let marks = settings.marks
        guard marks != before else { return }
        do throws(RedisSettingsError) {
            let loaded = try settings.load()
            state.withLock { state in
                // A reload may have brought other settings meanwhile.
                guard state.settings.summary == settings.summary else { return }
                (state.loaded, state.marks, state.problem) = (loaded, marks, nil)
            }
            logger.notice("password and certificates for Redis read anew")
        } catch {
            // They are read again after the next attempt, and an operator who replaces several may be about to.
            guard error != told else { return }
            state.withLock { $0.problem = error }
            tell(error)
        }
    }

    private func tell(_ error: RedisSettingsError) {
        logger.error("password and certificates for Redis not changed", metadata: RelayError.badFleet(error).metadata)
    }
}

extension RedisSettings {
    fileprivate var files: [PathBytes] {
        [passwordFile, authorities, certificate?.certificate, certificate?.key].compactMap(\.self)
    }

    fileprivate var marks: [FileMark?] { files.map { FileMark($0) } }

    fileprivate var hasFiles: Bool { !files.isEmpty }
}

extension RedisKeeper {
    /// The names of the servers, in the order of the lines of ``FleetStores``. The names have no password.
    var names: [String] { addresses.map(\.description).sorted() }

    /// The store that these servers are, on this event loop.
    func store(_ times: DirectoryTimes, on loop: any EventLoop) -> any FleetStore {
        let stores = addresses.map { address in
            let store = RedisStore(
                address,
                access: { self.access(to: address) },
                ended: { self.look() },
                times: times,
                loop: loop
            )
            return (name: address.description, store: store)
        }
        return stores.count == 1 ? stores[0].store : FleetStores(stores)
    }
}
