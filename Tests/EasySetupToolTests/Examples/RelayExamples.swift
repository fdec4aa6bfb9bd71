import EasySetupRelay
import Logging
import ServiceLifecycle
import UnixSignals

/// The examples of the article "Run a relay inside your program", between BEGIN and END.
struct RelayExamples {
    let logger: Logger

    func run() async throws {
        // BEGIN
        var configuration = RelayConfiguration(listen: [ListenAddress(host: "127.0.0.1", port: 8080)])
        configuration.codeLifetime = .seconds(300)
        let relay = RelayServer(configuration: configuration, logger: logger)

        let group = ServiceGroup(services: [relay], gracefulShutdownSignals: [.sigterm], logger: logger)
        try await group.run()
        // END
    }

    func keep(_ configuration: inout RelayConfiguration) {
        // BEGIN
        configuration.certificate = CertificateFiles(certificate: "chain.pem", key: "key.pem")
        configuration.keyFile = PathBytes("relay.key")
        // END
    }

    func run(_ relay: RelayServer) async throws {
        // BEGIN
        do {
            try await relay.run()
        } catch let error as RelayError {
            logger.error("\(error.description)", metadata: ["advice": "\(error.advice)", "code": "\(error.code)"])
            if error.retryHelps { await startAgainLater() }
        }
        // END
    }

    private func startAgainLater() async {}
}
