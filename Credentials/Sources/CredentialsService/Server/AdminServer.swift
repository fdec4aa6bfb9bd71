import CredentialsCore
import EasySetupRelay
import HTTPTypes
package import Hummingbird
import NIOCore

/// The admin port: status page, metrics and health. Nothing there changes the service, and nothing names a chain.
package struct AdminServer: Sendable {
    private let server: CredentialsServer
    private let store: AccountStore
    private let hosts: AdminHosts
    private let now: @Sendable () -> Int

    /// Makes the admin port's server.
    /// - Parameter name: the host in the operator's address of the port; nil if it has none.
    package init(_ server: CredentialsServer, store: AccountStore, name: String?, now: @escaping @Sendable () -> Int) {
        self.server = server
        self.store = store
        self.now = now
        hosts = AdminHosts(name: name)
    }

    /// Answers a request.
    package func respond(to request: Request, context: DeviceContext) async -> Response {
        // A web page whose own name was led to this machine reads nothing.
        guard let authority = request.head.authority, hosts.allows(authority) else {
            return Self.answer(.misdirectedRequest, "text/plain; charset=utf-8", "Ask for this port by an address.\n")
        }
        guard request.method == .get || request.method == .head else {
            return Self.answer(.methodNotAllowed, "text/plain; charset=utf-8", "Use GET.\n")
        }
        switch request.uri.path {
        case "/health/live": return Self.answer(.ok, "text/plain; charset=utf-8", "ok")
        case "/health/ready":
            return server.isDraining
                ? Self.answer(.serviceUnavailable, "text/plain; charset=utf-8", "draining")
                : Self.answer(.ok, "text/plain; charset=utf-8", "ok")
        case "/status.css": return Self.answer(.ok, "text/css; charset=utf-8", StatusStyle.text)
        case "/", "/status.json", "/metrics":
            guard let summary = try? await store.summary(now: now()) else {
                return Self.answer(
                    .serviceUnavailable,
                    "text/plain; charset=utf-8",
                    "The file of accounts does not work.\n"
                )
            }
            let process = ProcessStatus.now()
            if request.uri.path != "/metrics" {
                let report = ServiceReport(
                    summary,
                    server.history,
                    isDraining: server.isDraining,
                    isReloadGood: server.isReloadGood,
                    now: now(),
                    process: process
                )
                return request.uri.path == "/"
                    ? Self.answer(.ok, "text/html; charset=utf-8", ServiceStatus(report).html)
                    : Self.answer(.ok, "application/json", report.json.written + "\n")
            }
            let accept = request.headers[.accept].map { [$0] } ?? []
            let format = PrometheusText.Format(accept: accept)
            return Self.answer(.ok, format.contentType, ServiceMetrics.text(summary, server, process, format))
        default:
            return Self.answer(
                .notFound,
                "text/plain; charset=utf-8",
                "There is nothing here. There is: / /status.json /metrics /health/live /health/ready\n"
            )
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ type: String, _ body: String) -> Response {
        var headers: HTTPFields = [
            .contentType: type, .cacheControl: "no-store",
            .contentSecurityPolicy: "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ]
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }
}
