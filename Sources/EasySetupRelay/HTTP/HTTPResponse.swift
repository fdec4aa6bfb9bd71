import EasySetupRelayProtocol
import NIOHTTP1

/// The response to an HTTP request, as a value that a ``RequestChannel`` writes.
struct HTTPResponse: Equatable {
    let status: HTTPResponseStatus
    let headers: HTTPHeaders
    let body: [UInt8]
    /// Whether the relay sends the body. The response to a HEAD request has no body, but has the `Content-Length` of
    /// the response to a GET request.
    let hasBody: Bool

    private init(
        _ status: HTTPResponseStatus,
        type: String,
        body: [UInt8],
        isHead: Bool = false,
        headers more: [(String, String)] = []
    ) {
        self.status = status
        self.body = body
        hasBody = !isHead
        var headers = HTTPHeaders([
            ("Cache-Control", "no-store"),
            ("Content-Type", type),
            ("Content-Length", String(body.count)),
        ])
        headers.add(contentsOf: more)
        self.headers = headers
    }

    static func call(_ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(.ok, type: RelayPath.bodyType, body: body)
    }

    static func health(_ answer: HTTPRoutes.HealthAnswer, isHead: Bool) -> HTTPResponse {
        let body = Array(answer.rawValue.utf8)
        return HTTPResponse(answer == .ok ? .ok : .serviceUnavailable, type: "text/plain", body: body, isHead: isHead)
    }

    static func problem(
        _ refusal: ProblemType,
        path: String,
        isHead: Bool = false,
        retryAfter: Duration = .zero
    ) -> HTTPResponse {
        HTTPResponse(
            refusal.status,
            type: "application/problem+json",
            body: Array(refusal.problem.utf8),
            isHead: isHead,
            headers: refusal.headers(path: path, retryAfter: retryAfter)
        )
    }
}
