import EasySetup
import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// Whole pairings through reverse proxies in front of a relay.
@Suite("A reverse proxy before the relay", .inTurn, .timeLimit(.minutes(60))) struct ProxyTests {
    struct Setup: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The name of the transport that works through the proxy.
        var transport: String
        /// Makes the proxy. `relay` is the relay's port, and `lossy` is the port of a middlebox that drops every other
        /// answer.
        var proxy: @Sendable (_ relay: Int, _ lossy: Int) -> ReverseProxy?
    }

    @Test(
        "Two devices pair through nginx, both through it and one past it",
        .enabled(if: ReverseProxy.Kind.nginx.program != nil, "nginx is not installed: scripts/setup --tests"),
        arguments: nginxes
    )
    func nginx(setup: Setup) async throws { try await pair(setup) }

    @Test(
        "Two devices pair through HAProxy, both through it and one past it",
        .enabled(if: ReverseProxy.Kind.haproxy.program != nil, "HAProxy is not installed: scripts/setup --tests"),
        arguments: haproxies
    )
    func haproxy(setup: Setup) async throws { try await pair(setup) }

    @Test(
        "Two devices pair through Caddy, both through it and one past it",
        .enabled(if: ReverseProxy.Kind.caddy.program != nil, "Caddy is not installed: scripts/setup --tests"),
        arguments: caddies
    )
    func caddy(setup: Setup) async throws { try await pair(setup) }

    private func pair(_ setup: Setup) async throws {
        try await LiveRelay.run { relay in
            try await Middlebox.run(
                before: relay.address.port,
                calls: { $0 % 2 == 1 ? .loseAnswer : .pass }
            ) { box, lossy in
                let proxy = try #require(setup.proxy(relay.address.port, lossy.port))
                let roots = proxy.tls ? TrustedRoots(pemFile: try MadeCertificate.loopback.get().certificate) : .system
                try await proxy.run { address in
                    for (offerer, visitor) in [(address, address), (address, relay.address), (relay.address, address)] {
                        let devices = TwoDevices(offerer: offerer, visitor: visitor, roots: roots, limits: .unhurried)
                        let transports = try await devices.pair()
                        #expect(
                            transports
                                == .init(
                                    offerer == address ? setup.transport : "websocket",
                                    visitor: visitor == address ? setup.transport : "websocket"
                                )
                        )
                    }
                }
                if setup.testDescription.contains("again") { #expect(box.callCount > 0) }
            }
        }
    }

    /// The nginx configuration that `Protocol/operating.md` recommends.
    private static func advised(relay: Int) throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "..", "Protocol", "operating.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let location = /\n        location \/easysetup\/ \{\n(            .*\n)+        \}\n/
        let block = try #require(text.firstMatch(of: location))
        return String(block.output.0.replacing("http://127.0.0.1:8080", with: "http://127.0.0.1:\(relay)"))
    }

    static let nginxes = [
        Setup(testDescription: "nginx with nothing but proxy_pass", transport: "long-polling") { relay, _ in
            .nginx { port in
                """
                server {
                    listen 127.0.0.1:\(port);
                    location / { proxy_pass http://127.0.0.1:\(relay); }
                }
                """
            }
        },
        Setup(testDescription: "nginx as operating.md has it", transport: "websocket") { relay, _ in
            guard let location = try? advised(relay: relay) else { return nil }
            return .nginx { port in
                """
                server {
                    listen 127.0.0.1:\(port);
                    \(location)
                }
                """
            }
        },
        Setup(testDescription: "nginx that passes hardly a header and buffers everything", transport: "long-polling") {
            relay,
            _ in
            .nginx { port in
                """
                server {
                    listen 127.0.0.1:\(port);
                    etag off;
                    gzip on;
                    gzip_types *;
                    gzip_min_length 1;
                    gzip_proxied any;
                    location / {
                        proxy_pass http://127.0.0.1:\(relay);
                        proxy_pass_request_headers off;
                        proxy_set_header Content-Type $content_type;
                        proxy_hide_header ETag;
                        proxy_hide_header Cache-Control;
                        proxy_hide_header Retry-After;
                        proxy_hide_header Content-Type;
                        proxy_request_buffering on;
                        proxy_buffering on;
                        proxy_buffer_size 4k;
                        proxy_buffers 2 4k;
                        proxy_busy_buffers_size 4k;
                    }
                }
                """
            }
        },
        Setup(testDescription: "nginx with TLS that closes after every answer", transport: "long-polling") { relay, _ in
            guard let files = try? MadeCertificate.loopback.get() else { return nil }
            return .nginx(tls: true) { port in
                """
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(files.certificate);
                    ssl_certificate_key \(files.key);
                    keepalive_timeout 0;
                    location / { proxy_pass http://127.0.0.1:\(relay); }
                }
                """
            }
        },
        Setup(testDescription: "nginx that closes after every answer", transport: "long-polling") { relay, _ in
            .nginx { port in
                """
                server {
                    listen 127.0.0.1:\(port);
                    keepalive_timeout 0;
                    location / { proxy_pass http://127.0.0.1:\(relay); }
                }
                """
            }
        },
        Setup(testDescription: "nginx that makes every call again", transport: "long-polling") { relay, lossy in
            .nginx { port in
                """
                upstream relays {
                    server 127.0.0.1:\(lossy) max_fails=0;
                    server 127.0.0.1:\(relay) max_fails=0;
                }
                server {
                    listen 127.0.0.1:\(port);
                    location / {
                        proxy_pass http://relays;
                        proxy_next_upstream error timeout invalid_header http_500 http_502 http_503 http_504 non_idempotent;
                        proxy_next_upstream_tries 4;
                    }
                }
                """
            }
        },
    ]

    static let haproxies = [
        Setup(testDescription: "HAProxy with Debian's defaults", transport: "websocket") { relay, _ in
            .haproxy { port in
                """
                listen relay
                    bind 127.0.0.1:\(port)
                    server one 127.0.0.1:\(relay)
                """
            }
        },
        Setup(testDescription: "HAProxy that passes hardly a header and buffers everything", transport: "long-polling")
        { relay, _ in
            .haproxy { port in
                """
                listen relay
                    bind 127.0.0.1:\(port)
                    option http-buffer-request
                    http-request del-header ^(?!(host|content-type|content-length|transfer-encoding)$) -m reg
                    http-response del-header ^(?!(content-length|transfer-encoding)$) -m reg
                    server one 127.0.0.1:\(relay)
                """
            }
        },
        Setup(testDescription: "HAProxy that makes every call again", transport: "long-polling") { relay, lossy in
            .haproxy { port in
                """
                listen relay
                    bind 127.0.0.1:\(port)
                    balance roundrobin
                    retries 3
                    option redispatch 1
                    retry-on all-retryable-errors
                    http-request deny deny_status 400 if { path_end /ws }
                    server one 127.0.0.1:\(lossy)
                    server two 127.0.0.1:\(relay)
                """
            }
        },
    ]

    static let caddies = [
        Setup(testDescription: "Caddy as operating.md has it", transport: "websocket") { relay, _ in
            try? .advisedCaddy(relay: relay)
        },
        Setup(testDescription: "Caddy as operating.md has it, with TLS", transport: "websocket") { relay, _ in
            guard let files = try? MadeCertificate.loopback.get() else { return nil }
            return try? .advisedCaddy(tls: files, relay: relay)
        },
        Setup(testDescription: "Caddy that passes hardly a header and buffers everything", transport: "long-polling") {
            relay,
            _ in
            .caddy { port in
                """
                http://127.0.0.1:\(port) {
                    bind 127.0.0.1
                    encode {
                        gzip
                        minimum_length 1
                        match header Content-Type *
                    }
                    reverse_proxy 127.0.0.1:\(relay) {
                        buffer_requests
                        buffer_responses
                        header_up -Upgrade
                        header_up -Sec-*
                        header_up -Accept*
                        header_up -Cache-Control
                        header_up -User-Agent
                        header_down -ETag
                        header_down -Cache-Control
                        header_down -Retry-After
                        transport http {
                            keepalive off
                        }
                    }
                }
                """
            }
        },
    ]
}
