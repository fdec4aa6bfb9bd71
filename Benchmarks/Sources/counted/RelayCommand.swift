import ArgumentParser
import CountedMemory
import EasySetupFleetStore
import EasySetupRelay
import EasySetupRelayCore
import Glibc
import Logging

/// `counted relay`: a relay on a free port of loopback, which it prints. For each byte on its standard input it prints
/// its malloc counts (`counted_memory_write`); at the end of its input it ends.
///
/// All limits per network are raised, because all devices come from one machine, and no time limit expires during the
/// count, so that no figure depends on speed.
struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "relay", abstract: "Be the relay that is counted.")

    @OptionGroup var tls: TLSOptions

    @Option(help: "The port of a Redis that it shares with other relays.")
    var redis: UInt16?

    @Option(help: "The file of the keys that it shares with them.")
    var fleetKeys: String?

    // The function is not asynchronous, because under valgrind the main thread has to wait in a system call of its own.
    func run() throws {
        let server = RelayServer(
            configuration: relay,
            logger: Logger(label: "counted") { _ in SwiftLogNoOpLogHandler() }
        )
        Task.detached {
            do {
                try await server.run()
            } catch {
                print("\(error)")
                Glibc.exit(1)
            }
        }
        Task.detached {
            let port = try await server.port
            print(port)
            fflush(nil)
        }
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1, counted_memory_write(STDOUT_FILENO) == 0 {}
        Glibc.exit(0)
    }

    private var relay: RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.certificate = tls.files
        if let redis, let fleetKeys, let address = try? RedisAddress(url: "redis://127.0.0.1:\(redis)") {
            configuration.fleet = RedisSettings(address)
            configuration.keyFile = PathBytes(bytes: Array(fleetKeys.utf8))
        }
        let many = 1_000_000
        configuration.limits.offersPerPrefix = many
        configuration.limits.visitsPerPrefix = many
        configuration.limits.roomlessPerPrefix = many
        configuration.limits.missesPerPrefix = many
        configuration.limits.framesPerInterval = many
        configuration.connectionLimits.requestsPerInterval = many
        configuration.connectionLimits.openingPerPrefix = many
        let long = Duration.seconds(3_600)
        configuration.limits.firstFrame = long
        configuration.limits.codeLifetime = long
        configuration.limits.seatedLifetime = long
        configuration.connectionLimits.openingTime = long
        configuration.connectionLimits.closingTime = long
        configuration.connectionLimits.pingInterval = long
        return configuration
    }
}

/// The files of a relay with TLS.
struct TLSOptions: ParsableArguments {
    @Option(help: "The certificate of a relay with TLS, PEM.")
    var certificate: String?

    @Option(help: "Its private key, PEM.")
    var key: String?

    /// The files; nil unless both are given.
    var files: CertificateFiles? {
        guard let certificate, let key else { return nil }
        return CertificateFiles(certificate: certificate, key: key)
    }
}
