import EasySetupRelayCore
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Holds the relay's certificate for new connections, and logs warnings about the certificate while the relay runs.
final class CertificateKeeper: Sendable {
    private let clock: RelayClock
    private let logger: Logger
    private let authorities: Set<[SSLCertificateName]>
    private let state: Mutex<State>

    private struct State {
        var files: CertificateFiles
        var loaded: LoadedCertificate
        /// The time of the last check of the certificate's validity period, in seconds since 1970 UTC.
        var lookedAt: Int64
    }

    private static let day: Int64 = 24 * 60 * 60

    /// Reads the certificate and the key from their files, and logs warnings about them. Throws if they can't be used.
    init(
        _ files: CertificateFiles,
        clock: RelayClock,
        logger: Logger,
        authorities: Set<[SSLCertificateName]> = MachineAuthorities.subjects()
    ) throws(RelayError) {
        self.clock = clock
        self.logger = logger
        self.authorities = authorities
        let now = clock.now.utcSeconds
        let loaded = try files.load()
        state = Mutex(State(files: files, loaded: loaded, lookedAt: now))
        tell(loaded.warnings(now: now, authorities: authorities))
    }

    /// When the first certificate of the chain expires, in seconds since 1970 UTC.
    var expiry: Int64? { state.withLock { $0.loaded.chain.map(\.notAfter).min() } }

    /// The TLS context for new connections.
    var context: NIOSSLContext { state.withLock { $0.loaded.context } }

    /// Reads the files again, or other ones that take their place. The previous certificate stays if the new one can't be used, or if the new one is not
    /// valid now and the previous one is.
    /// - Returns: whether the relay uses the files as they are now.
    @discardableResult
    func reload(_ others: CertificateFiles? = nil) -> Bool {
        let now = clock.now.utcSeconds
        let files = others ?? state.withLock { $0.files }
        do throws(RelayError) {
            let loaded = try files.load()
            if let problem = loaded.problem(now: now), state.withLock({ $0.loaded.problem(now: now) }) == nil {
                throw .badCertificate(path: files.certificate.description, problem)
            }
            let before = state.withLock { state in
                defer { state = State(files: files, loaded: loaded, lookedAt: now) }
                return state.loaded.chain[0].names
            }
            let own = loaded.chain[0]
            logger.notice(
                "certificate read anew",
                metadata: ["names": "\(own.namesText)", "expires": "\(UTCDay.text(own.notAfter))"]
            )
            let lost = before.filter { !own.names.contains($0) }
            if !lost.isEmpty {
                logger.warning(
                    "the new certificate is without names that the one before had: devices that use them refuse it",
                    metadata: ["names": "\(lost.joined(separator: ", "))"]
                )
            }
            tell(loaded.warnings(now: now, authorities: authorities))
            return true
        } catch {
            logger.error("certificate not changed", metadata: error.metadata)
            return false
        }
    }

    /// Starts a timer that checks the certificate's validity period once a day. The timer fires each hour, so that the
    /// relay notices soon when somebody sets the system's clock forward by a day.
    func watch(on loop: any EventLoop) -> RepeatedTask {
        loop.scheduleRepeatedTask(initialDelay: .hours(1), delay: .hours(1)) { [weak self] _ in self?.look() }
    }

    private func look() {
        let now = clock.now.utcSeconds
        let chain = state.withLock { state -> [CertificateFacts]? in
            guard now - state.lookedAt >= Self.day else { return nil }
            state.lookedAt = now
            return state.loaded.chain
        }
        if let chain { tell(LoadedCertificate.warnings(ofTime: chain, now: now)) }
    }

    private func tell(_ warnings: [CertificateWarning]) {
        let files = state.withLock { $0.files }
        for warning in warnings {
            var metadata: Logger.Metadata = ["file": "\(warning.isAboutKey ? files.key : files.certificate)"]
            metadata["day"] = warning.day.map { "\($0)" }
            logger.log(level: warning.isWarning ? .warning : .notice, "\(warning.message)", metadata: metadata)
        }
    }
}
