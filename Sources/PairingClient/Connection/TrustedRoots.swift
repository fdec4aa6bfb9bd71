import NIOSSL
import Synchronization

/// Which certificate authorities a device trusts to speak for a relay.
public final class TrustedRoots: Sendable {
    private let file: String?
    // Loading a system's authorities takes longer than a whole pairing, so it is done once.
    private let loaded = Mutex<NIOSSLContext?>(nil)

    /// Those of the system.
    public static let system = TrustedRoots(file: nil)

    /// Those of a PEM file, and no others: for a relay with a certificate of one's own.
    public convenience init(pemFile: String) {
        self.init(file: pemFile)
    }

    private init(file: String?) {
        self.file = file
    }

    func context() throws(PairingError) -> NIOSSLContext {
        do {
            return try loaded.withLock { loaded in
                if let loaded { return loaded }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                if let file { configuration.trustRoots = .file(file) }
                let context = try NIOSSLContext(configuration: configuration)
                loaded = context
                return context
            }
        } catch {
            throw .relayUntrusted(.unfit)
        }
    }
}
