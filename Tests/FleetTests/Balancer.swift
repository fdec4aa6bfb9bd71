import TestSupport

/// HAProxy in front of a fleet: each connection goes to one of the relays that have joined the others or, if none has, of
/// those that live. A relay that does not answer loses its connections, one that says that it drains or is cut off keeps
/// them.
enum Balancer: String {
    /// To the relay with the fewest connections. A device that has to come again comes to the same one while nothing else
    /// changes.
    case leastConnections = "leastconn"
    /// To the one with fewer connections of two that are drawn.
    case random

    /// The proxy; nil where it is not installed.
    func proxy(of fleet: RelayFleet) -> ReverseProxy? {
        let servers = fleet.relays.enumerated()
            .map { "    server relay\($0) \($1.host):\($1.port) check" }
            .joined(separator: "\n")
        return .haproxy { port in
            """
            frontend devices
                bind 127.0.0.1:\(port)
                use_backend live if { nbsrv(joined) eq 0 }
                default_backend joined
            backend joined
                balance \(rawValue)
                option httpchk GET /health/joined
                http-check expect status 200 error-status L7OKC
                option redispatch 1
                retries 3
                timeout check 1s
                timeout connect 2s
                default-server inter 300ms rise 1 fall 2 on-marked-down shutdown-sessions
            \(servers)
            backend live
                balance \(rawValue)
                option httpchk GET /health/live
                option redispatch 1
                retries 3
                timeout check 1s
                timeout connect 2s
                default-server inter 300ms rise 1 fall 2 on-marked-down shutdown-sessions
            \(servers)
            """
        }
    }
}
