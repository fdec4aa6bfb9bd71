package import EasySetupHandshake
import Foundation
import NIOCore
import NIOPosix
import Testing

/// A reverse proxy from a Debian package, with the test's own configuration. It runs in the foreground on a free port
/// of loopback.
package struct ReverseProxy: Sendable {
    package enum Kind: String, Sendable {
        case nginx, haproxy, caddy

        /// The program's path; nil if it is not installed. The search path of ordinary users often lacks `sbin`
        /// folders, so this looks there, too.
        package var program: String? {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"])
                .map { "\($0)/\(rawValue)" }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
        }
    }

    let kind: Kind
    let program: String
    /// Whether devices use TLS to the proxy. Its certificate is that of the tests.
    package var tls = false
    /// The text of the configuration file, for the port on which the proxy listens and a folder in which it may write.
    let configuration: @Sendable (_ port: Int, _ folder: String) -> String

    /// Runs the proxy as long as `body` runs.
    package func run<Result: Sendable>(_ body: @Sendable (RelayAddress) async throws -> Result) async throws -> Result {
        let folder = ScratchFolder()
        let port = try FreePort.below30000()
        let file = try folder.file("\(kind.rawValue).conf", configuration(port, folder.path))
        let arguments =
            switch kind {
            case .nginx: ["-c", file, "-p", folder.path, "-e", folder.path + "/error.log"]
            case .haproxy: ["-db", "-f", file]
            case .caddy: ["run", "--config", file, "--adapter", "caddyfile"]
            }
        // Caddy writes to these folders, which otherwise are those of the developer.
        let variables = ["XDG_CONFIG_HOME": folder.path, "XDG_DATA_HOME": folder.path]
        let process = try Running(arguments, of: program, variables: variables)
        do {
            try await Self.listening(port, of: process)
            let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: !tls))
            let result = try await body(address)
            await end(process)
            return result
        } catch {
            await end(process)
            Issue.record("\(kind.rawValue) said: \(await process.errors())")
            throw error
        }
    }

    /// Kills the proxy, because it has nothing to save. The process may have inherited milder signals as blocked, from
    /// a thread of Foundation.
    private func end(_ process: Running) async {
        process.interrupt(SIGKILL)
        _ = await process.end()
    }

    /// Waits until a program listens at the port. Throws when the program has ended without it.
    package static func listening(_ port: Int, of process: Running) async throws {
        while true {
            let hasEnded = !process.isRunning
            do {
                try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get().close()
                return
            } catch {
                if hasEnded { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

extension ReverseProxy {
    /// An nginx server with the configuration that all tests share. `http` gives the part of one test.
    package static func nginx(tls: Bool = false, _ http: @escaping @Sendable (_ port: Int) -> String) -> ReverseProxy? {
        guard let program = Kind.nginx.program else { return nil }
        return ReverseProxy(kind: .nginx, program: program, tls: tls) { port, folder in
            """
            daemon off;
            master_process off;
            pid \(folder)/nginx.pid;
            error_log stderr;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path \(folder)/body;
                proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi;
                uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
            \(http(port))
            }

            """
        }
    }

    /// An HAProxy server with the configuration that all tests share: the defaults of Debian's `haproxy.cfg`.
    package static func haproxy(_ sections: @escaping @Sendable (_ port: Int) -> String) -> ReverseProxy? {
        guard let program = Kind.haproxy.program else { return nil }
        return ReverseProxy(kind: .haproxy, program: program) { port, _ in
            """
            global
                maxconn 256
            defaults
                mode http
                timeout connect 300s
                timeout client 300s
                timeout server 300s
            \(sections(port))

            """
        }
    }

    /// A Caddy server with the configuration that all tests share: no admin port, no certificates from elsewhere and no
    /// HTTP/3. `site` gives the address and the directives of the only site.
    package static func caddy(tls: Bool = false, _ site: @escaping @Sendable (_ port: Int) -> String) -> ReverseProxy? {
        guard let program = Kind.caddy.program else { return nil }
        return ReverseProxy(kind: .caddy, program: program, tls: tls) { port, _ in
            """
            {
                admin off
                auto_https off
                servers {
                    protocols h1 h2
                }
            }
            \(site(port))

            """
        }
    }

    /// Caddy as `Protocol/operating.md` recommends it, on a loopback port instead of under a name of the internet.
    package static func advisedCaddy(tls: MadeCertificate? = nil, relay: Int) throws -> ReverseProxy? {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", "operating.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let block = try #require(text.firstMatch(of: /\n    relay\.example \{\n((        .*\n)+)    \}\n/)).1
        #expect(block.contains("127.0.0.1:8080"))
        let directives = block.replacing("127.0.0.1:8080", with: "127.0.0.1:\(relay)")
        return caddy(tls: tls != nil) { port in
            """
            \(tls == nil ? "http://" : "https://127.0.0.1"):\(port) {
                bind 127.0.0.1
                \(tls.map { "tls \($0.certificate) \($0.key)" } ?? "")
            \(directives)
            }
            """
        }
    }
}
