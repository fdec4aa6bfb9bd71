import NIOCore
import NIOHTTP1

/// Decides the answer to a request at the admin port. It does no I/O. All paths stand in a table; nothing at this port
/// changes the relay, so every path is for GET and HEAD alone.
struct AdminRoutes: Sendable {
    /// A path of the admin port, and what is there. The answer may take a while, because event loops are asked.
    struct Route: Sendable {
        let path: String
        let answer: @Sendable (AdminRequest, any EventLoop) -> EventLoopFuture<AdminResponse>
    }

    enum Answer {
        case route(Route, AdminRequest)
        case refuse(AdminResponse)
    }

    let routes: [Route]
    let hosts: AdminHosts

    func answer(to head: HTTPRequestHead) -> Answer {
        let host = head.headers["host"]
        guard head.version.major == 1, host.count == 1 || head.version == .http1_0 && host.isEmpty else {
            return .refuse(.text(.badRequest, "The request has not one Host.\n"))
        }
        guard host.allSatisfy(hosts.allows) else {
            let advice = "Ask for this port by an address, as localhost, or by the name that --admin has.\n"
            return .refuse(.text(.misdirectedRequest, advice))
        }
        let lengths = head.headers["content-length"]
        guard !head.headers.contains(name: "transfer-encoding"), lengths.allSatisfy({ $0 == "0" }) else {
            return .refuse(.text(.payloadTooLarge, "This port takes no bodies.\n"))
        }
        let path = String(head.uri.prefix { $0 != "?" })
        guard let route = routes.first(where: { $0.path == path }) else {
            let paths = routes.map(\.path).joined(separator: " ")
            return .refuse(.text(.notFound, "There is nothing here. There is: \(paths)\n"))
        }
        guard head.method == .GET || head.method == .HEAD else {
            var response = AdminResponse.text(.methodNotAllowed, "Use GET.\n")
            response.headers = [("Allow", "GET, HEAD")]
            return .refuse(response)
        }
        return .route(route, AdminRequest(path: path, headers: head.headers))
    }
}
