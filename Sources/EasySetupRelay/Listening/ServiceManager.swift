#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The sockets that systemd, or a service manager like it, gives to a server, and the notices that it takes from it:
/// sd_listen_fds(3) and sd_notify(3).
package struct ServiceManager {
    /// The number of the first descriptor that a service manager passes on.
    private static let firstDescriptor: CInt = 3
    /// The most sockets that the relay takes. A relay needs one or two; the limit holds for an environment that is
    /// wrong.
    private static let mostSockets: CInt = 64

    /// The sockets that the service manager opened for this process.
    package let sockets: [CInt]
    /// The path of the socket to which ``notify(_:)`` writes; nil without a service manager.
    private let path: String?

    /// Reads the environment of this process, and removes the variables, so that no child process takes them for its
    /// own.
    package static func current() -> Self {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"] { unsetenv(name) } }
        let manager = Self(process: getpid()) { name in getenv(name).map { String(cString: $0) } }
        for socket in manager.sockets { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
        return manager
    }

    /// - Parameters:
    ///   - process: the number of this process. Sockets for another process are none of ours.
    ///   - variable: the value of an environment variable.
    init(process: pid_t, variable: (String) -> String?) {
        path = variable("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        if variable("LISTEN_PID").flatMap(pid_t.init) == process, let text = variable("LISTEN_FDS"),
            let count = CInt(text), 1...Self.mostSockets ~= count
        {
            sockets = (0..<count).map { Self.firstDescriptor + $0 }
        } else {
            sockets = []
        }
    }

    /// A change in the state of the server.
    package enum State: String {
        /// The server listens.
        case ready = "READY=1"
        /// The server drains, and then ends.
        case stopping = "STOPPING=1"
    }

    /// Tells the service manager about a state. Without a service manager it does nothing. A failure is not reported,
    /// as sd_notify(3) advises: the manager finds out by a time limit of its own.
    /// - Parameter status: a sentence for `systemctl status`.
    package func notify(_ state: State, status: String) {
        guard let path else { return }
        #if canImport(Glibc)
        let datagram = CInt(SOCK_DGRAM.rawValue)
        #else
        let datagram = SOCK_DGRAM
        #endif
        let sender = socket(AF_UNIX, datagram, 0)
        guard sender >= 0 else { return }
        defer { close(sender) }
        _ = fcntl(sender, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // An at sign stands for the zero byte of a socket in Linux's abstract namespace.
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + bytes.count)
        let message = Array("\(state.rawValue)\nSTATUS=\(status)".utf8)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(sender, message, message.count, 0, $0, length)
            }
        }
    }
}
