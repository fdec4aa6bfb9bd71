import Glibc
import Loopback

/// A server in a process of its own, which may be pinned to some cores. The process is killed when this value is
/// released.
final class Server {
    let process: Int32
    let port: UInt16

    /// Starts a program, and waits until it accepts connections on the port.
    ///
    /// - Parameters:
    ///   - command: program and arguments; `PORT` in them becomes the port.
    ///   - pin: the cores on which the program may run, in the format of `taskset`; nil for all.
    init(_ command: [String], pin: String?) throws(BenchError) {
        guard let port = Loopback.freePort() else { throw .noPort }
        self.port = port
        var arguments = command.map { $0.replacing("PORT", with: "\(port)") }
        if let pin { arguments = ["taskset", "-c", pin] + arguments }
        var process: Int32 = 0
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { strings.forEach { free($0) } }
        guard posix_spawnp(&process, arguments[0], &actions, nil, &strings, environ) == 0 else {
            throw .cannotStart(arguments[0])
        }
        self.process = process
        for _ in 0..<600 {
            if Self.isListening(port) { return }
            guard waitpid(process, nil, WNOHANG) == 0 else { throw .cannotStart(command[0]) }
            usleep(50_000)
        }
        throw .cannotStart(command[0])
    }

    deinit {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// The kernel's current figures of the server.
    var figures: ProcessFigures {
        get throws(BenchError) {
            guard let figures = ProcessFigures(of: process) else { throw .serverGone }
            return figures
        }
    }

    private static func isListening(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// An error that stops a measurement.
enum BenchError: Error, CustomStringConvertible {
    case noPort
    case cannotStart(String)
    case serverGone
    /// The crowd did not form; the value is the number of devices that waited in the end.
    case crowdFailed(Int)

    var description: String {
        switch self {
        case .noPort: "There is no free port."
        case .cannotStart(let program): "\(program) did not start, or did not listen."
        case .serverGone: "The server ended while it was measured."
        case .crowdFailed(let count): "When one was turned away, or time was over, \(count) were waiting."
        }
    }
}
