package import EasySetupHandshake
import Foundation
import NIOCore
import NIOPosix
import Testing

/// A reverse proxy from a Debian package, with the test's own configuration. It runs in the foreground on a free port
/// of loopback.
package struct ReverseProxy: Sendable {
    package enum Kind: String, Sendable {
        case nginx, haproxy

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
    var tls = false
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
            }
        let process = try Running(arguments, of: program)
        do {
            try await Self.listening(port)
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

    /// Waits until a program listens at the port.
    package static func listening(_ port: Int) async throws {
        for attempt in 1...2_400 {
            do {
                try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get().close()
                return
            } catch {
                if attempt == 2_400 { throw error }
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
}
