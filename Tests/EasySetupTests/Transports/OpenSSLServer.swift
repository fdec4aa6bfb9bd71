import TestSupport

/// OpenSSL's own server, for certificates that a server of SwiftNIO SSL can't present.
enum OpenSSLServer {
    /// Runs the server on a free port of loopback as long as `body` runs. `body` gets the port.
    static func run<Result: Sendable>(
        _ made: MadeCertificate,
        _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let port = try FreePort.below30000()
        let process = try Running(
            ["openssl", "s_server", "-quiet", "-accept", "127.0.0.1:\(port)"]
                + ["-cert", made.certificate, "-key", made.key],
            of: "/usr/bin/env"
        )
        defer { process.stop() }
        try await ReverseProxy.listening(port, of: process)
        return try await body(port)
    }
}
