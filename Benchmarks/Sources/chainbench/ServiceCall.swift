import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupS3
import EasySetupSeed
import Glibc

/// A device's call of a service for credentials.
final class ServiceCall: Sendable {
    private let host: String
    private let connection: HTTPConnection

    /// - Parameters:
    ///   - port: the port of the service on loopback.
    ///   - host: the host by which devices know it.
    init(port: Int, host: String) throws {
        guard let address = RelayAddress(host: "127.0.0.1", port: port, isPlain: true) else {
            throw ChainBenchError(text: "There is no such port.")
        }
        self.host = host
        connection = try HTTPConnection(to: address, trusting: .system, by: .none, limits: ClientLimits())
    }

    deinit { connection.close() }

    /// Asks for credentials of a chain.
    func credentials(of seed: SyncSeed) async throws {
        let path = "/v1/\(seed.userID.nameText)/credentials"
        let request = CredentialsRequest(
            method: "POST",
            host: host,
            path: path,
            time: UInt64(time(nil)),
            nonce: (0..<CredentialsRequest.nonceBytes).map { _ in .random(in: 0...255) }
        )
        let body = request.signed(by: seed)
        let answer = await connection.request(
            "POST",
            path,
            headers: [
                ("Host", host), ("Content-Type", "application/octet-stream"), ("Content-Length", "\(body.count)"),
            ],
            body: body,
            timeout: .seconds(60),
            largest: 1 << 20
        )
        guard case .success(let answer) = answer, answer.status == 200 else {
            throw ChainBenchError(text: "The service gives no credentials: \(answer)")
        }
    }
}
