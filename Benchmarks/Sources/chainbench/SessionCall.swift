import EasySetup
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupS3
import Glibc

/// The bare call of a store's STS by which a service gets a session: GetFederationToken.
final class SessionCall: Sendable {
    private let address: S3Address
    private let signer: SigV4
    private let connection: HTTPConnection?

    init(_ address: S3Address, by keys: S3Keys) {
        self.address = address
        signer = SigV4(keys, region: address.region, service: "sts")
        connection = try? HTTPConnection(to: address.host, trusting: .system, by: .none, limits: ClientLimits())
    }

    deinit { connection?.close() }

    /// Asks for a session that may list, get and delete below a prefix.
    func session(for prefix: String) async throws -> SessionAnswer {
        let fields = [
            ("Version", "2011-06-15"), ("Action", "GetFederationToken"), ("Name", "bench-0a1b2c3d"),
            ("DurationSeconds", "3600"), ("Policy", policy(prefix)),
        ]
        let body = Array(
            fields.map { "\(PercentEncoding.component($0.0))=\(PercentEncoding.component($0.1))" }
                .joined(separator: "&").utf8
        )
        let request = SigV4.Request(
            method: "POST",
            host: address.authority,
            path: "/",
            headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: body
        )
        let signed = signer.sign(request, at: Int(time(nil)))
        let answer = await connection?.request(
            "POST",
            signed.target,
            headers: [("Host", address.authority)] + signed.headers + [("Content-Length", "\(body.count)")],
            body: body,
            timeout: .seconds(60),
            largest: 1 << 20
        )
        guard case .success(let answer) = answer, answer.status == 200, let session = SessionAnswer(answer.body) else {
            throw ChainBenchError(text: "The store gives no session.")
        }
        return session
    }

    /// The policy that the service gives a device with the seed.
    private func policy(_ prefix: String) -> String {
        """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket",\
        "Resource":"arn:aws:s3:::\(address.bucket)","Condition":{"StringLike":{"s3:prefix":["\(prefix)*"]}}},\
        {"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::\(address.bucket)/\(prefix)*"}]}
        """
    }
}

/// An error that stops a measurement.
struct ChainBenchError: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
