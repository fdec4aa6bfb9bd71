package import EasySetupSeed

/// The calls of the service, by method and path (`Protocol/credentials.md`, "Calls").
package enum ServiceRoute: Hashable, Sendable {
    case credentials(UserID)
    case revocation(UserID)
    case deletion(UserID)
    /// The seed's plain request.
    case plain(UserID)
    case live
    case ready

    /// Finds the call of a request.
    /// - Parameters:
    ///   - path: the path as it came, without a query.
    ///   - allowsPlain: whether the plain request is switched on.
    package static func find(method: String, path: String, allowsPlain: Bool) throws(Refusal) -> ServiceRoute {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        let wanted: String
        let route: ServiceRoute
        switch parts.count {
        case 2 where parts[0] == "health" && parts[1] == "live": (wanted, route) = ("GET", .live)
        case 2 where parts[0] == "health" && parts[1] == "ready": (wanted, route) = ("GET", .ready)
        case 2 where parts[0] == "v1": (wanted, route) = ("DELETE", .deletion(try user(parts[1])))
        case 2 where parts[1] == "credentials" && allowsPlain:
            guard let user = PlainRequest.user(parts[0]) else { throw Refusal(.badUserID) }
            (wanted, route) = ("POST", .plain(user))
        case 3 where parts[0] == "v1" && parts[2] == "credentials":
            (wanted, route) = ("POST", .credentials(try user(parts[1])))
        case 3 where parts[0] == "v1" && parts[2] == "revocations":
            (wanted, route) = ("POST", .revocation(try user(parts[1])))
        default: throw Refusal(.notFound)
        }
        guard method == wanted || wanted == "GET" && method == "HEAD" else {
            throw Refusal(.methodNotAllowed, allow: wanted == "GET" ? "GET, HEAD" : wanted)
        }
        return route
    }

    private static func user(_ text: String) throws(Refusal) -> UserID {
        guard let user = UserIDText.read(text) else { throw Refusal(.badUserID) }
        return user
    }
}
