import AsyncHTTPClient
package import EasySetupS3
import NIOCore
import NIOHTTP1

/// Asks a store's security token service (STS) for sessions.
package struct STSClient: Sendable {
    let http: HTTPClient

    /// Makes a client of one's own connections. They end with ``shutdown()``.
    package init() {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(15))
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Ends the client's connections.
    package func shutdown() async { try? await http.shutdown() }

    /// Asks for a session.
    /// - Parameters:
    ///   - policy: what the session may do.
    ///   - seconds: how long it shall last.
    ///   - name: a name for the store's logs, 2 to 32 characters.
    ///   - now: the time in seconds since 1970.
    package func session(_ access: NodeAccess, policy: String, seconds: Int, name: String, now: Int)
        async throws(STSFault)
        -> SessionAnswer
    {
        try await session(access, keys: access.broker, policy: policy, seconds: seconds, name: name, now: now)
    }

    /// The same with other keys than the broker's; `--check` tries what a session may ask for.
    func session(_ access: NodeAccess, keys: S3Keys, policy: String?, seconds: Int, name: String, now: Int)
        async throws(STSFault) -> SessionAnswer
    {
        var fields = [("DurationSeconds", String(seconds)), ("Version", "2011-06-15")]
        if let policy { fields.append(("Policy", policy)) }
        switch access.call {
        case .federation: fields += [("Action", "GetFederationToken"), ("Name", name)]
        case .role(let arn): fields += [("Action", "AssumeRole"), ("RoleArn", arn), ("RoleSessionName", name)]
        }
        let body = fields.map { "\(PercentEncoding.component($0.0))=\(PercentEncoding.component($0.1))" }
            .joined(separator: "&")
        let type = "application/x-www-form-urlencoded; charset=utf-8"
        let signer = SigV4(keys, region: access.address.region, service: "sts")
        let signed = signer.sign(
            SigV4.Request(
                method: "POST",
                host: access.stsAuthority,
                path: "/",
                headers: [("Content-Type", type)],
                body: Array(body.utf8)
            ),
            at: now
        )
        var request = HTTPClientRequest(url: access.sts + "/")
        request.method = .POST
        for (name, value) in signed.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        let answer: [UInt8]
        let status: UInt
        do {
            let response = try await http.execute(request, timeout: .seconds(20))
            status = response.status.code
            answer = Array(try await response.body.collect(upTo: Self.answerBytes).readableBytesView)
        } catch {
            throw .unreachable
        }
        guard status == 200 else { throw .refused(status: Int(status), code: ErrorAnswer(answer)?.code ?? "no code") }
        guard let session = SessionAnswer(answer) else { throw .unreadable }
        return session
    }

    /// The most bytes of an answer; a session's token has some thousand.
    private static let answerBytes = 65_536
}
