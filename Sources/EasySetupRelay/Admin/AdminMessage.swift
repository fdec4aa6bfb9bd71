import NIOHTTP1

/// A request at the admin port, as far as a route needs it.
struct AdminRequest: Sendable {
    /// The path without the query.
    let path: String
    let headers: HTTPHeaders
}

/// An answer of the admin port.
struct AdminResponse: Sendable, Equatable {
    var status: HTTPResponseStatus
    var type: String
    var body: String
    var headers: [(String, String)] = []

    static func text(_ status: HTTPResponseStatus, _ body: String) -> AdminResponse {
        AdminResponse(status: status, type: "text/plain; charset=utf-8", body: body)
    }

    /// The headers of the answer but for its length. Nothing that this port tells is to be kept, to be taken for another
    /// type, or to be read by a page of another origin.
    var allHeaders: HTTPHeaders {
        var all = HTTPHeaders([
            ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Connection", "close"),
        ])
        all.add(contentsOf: headers)
        return all
    }

    static func == (one: AdminResponse, other: AdminResponse) -> Bool {
        one.status == other.status && one.body == other.body && one.allHeaders == other.allHeaders
    }
}
