import NIOCore
import NIOHTTP1

/// The status page and what belongs to it, as routes of the admin port. A browser loads nothing from anywhere else.
enum StatusPage {
    static func routes(
        _ report: @escaping @Sendable (any EventLoop) -> EventLoopFuture<StatusReport>
    ) -> [AdminRoutes.Route] {
        [
            .init(path: "/") { _, loop in
                report(loop).map { answer("text/html; charset=utf-8", $0.html.text) }
            },
            .init(path: "/status.json") { _, loop in
                report(loop).map { answer("application/json", $0.json.written + "\n") }
            },
            fixed("/status.js", "text/javascript; charset=utf-8", StatusScript.text),
            fixed("/status.css", "text/css; charset=utf-8", StatusStyle.text),
            fixed("/status.svg", "image/svg+xml", StatusStyle.icon),
        ]
    }

    private static func fixed(_ path: String, _ type: String, _ text: String) -> AdminRoutes.Route {
        .init(path: path) { _, loop in loop.makeSucceededFuture(answer(type, text)) }
    }

    private static func answer(_ type: String, _ body: String) -> AdminResponse {
        AdminResponse(status: .ok, type: type, body: body, headers: headers)
    }

    /// Headers that let a browser load these few files of this port for the page, and nothing else.
    private static let headers = [
        ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ].joined(separator: "; ")
}
