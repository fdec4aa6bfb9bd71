import TestSupport

/// HAProxy in front of a fleet: each connection goes to the relay with the fewest among those that have joined the others
/// or, if none has, among those that live. One that does not answer loses its connections, one that says that it drains or
/// is cut off keeps them.
enum Balancer {
    /// The proxy; nil where it is not installed.
    static func of(_ fleet: RelayFleet) -> ReverseProxy? {
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
                balance random
                option httpchk GET /health/joined
                http-check expect status 200 error-status L7OKC
                option redispatch 1
                retries 3
                timeout check 1s
                timeout connect 2s
                default-server inter 300ms rise 1 fall 2 on-marked-down shutdown-sessions
            \(servers)
            backend live
                balance random
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
