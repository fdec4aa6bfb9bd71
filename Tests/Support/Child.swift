package import Foundation
import Synchronization

/// A process that a test starts by `posix_spawn`. It has the part of Foundation's `Process` that tests use.
///
/// Foundation's `Process` is not used, because it lists `/proc/self/fd` at each start and copies more of each entry
/// than the system gave. In a process with more than some 1,300 open files, which the tests have at times, it reads
/// beyond the end of a page and crashes.
package final class Child: Sendable {
    private struct State {
        var pid: pid_t = 0
        var status: Int32?
        var waiting: [@Sendable (Int32) -> Void] = []
    }

    private struct Settings {
        var executableURL: URL?
        var arguments: [String] = []
        var environment: [String: String]?
        var input: Stream = .inherited
        var output: Stream = .inherited
        var errors: Stream = .inherited
    }

    /// The source or target of one of the child's three standard streams.
    package enum Stream: Sendable {
        /// The stream of this process.
        case inherited
        /// `/dev/null`.
        case null
        /// A file descriptor of this process.
        case descriptor(CInt)
        /// The child's end of a pipe. This process closes that end once the child has it.
        case pipe(Pipe)
    }

    private let state = Mutex(State())
    private let settings = Mutex(Settings())

    package init() {}

    package var executableURL: URL? {
        get { settings.withLock { $0.executableURL } }
        set { settings.withLock { $0.executableURL = newValue } }
    }

    package var arguments: [String] {
        get { settings.withLock { $0.arguments } }
        set { settings.withLock { $0.arguments = newValue } }
    }

    /// The child's environment; nil for the environment of this process.
    package var environment: [String: String]? {
        get { settings.withLock { $0.environment } }
        set { settings.withLock { $0.environment = newValue } }
    }

    package var standardInput: Stream {
        get { settings.withLock { $0.input } }
        set { settings.withLock { $0.input = newValue } }
    }

    package var standardOutput: Stream {
        get { settings.withLock { $0.output } }
        set { settings.withLock { $0.output = newValue } }
    }

    package var standardError: Stream {
        get { settings.withLock { $0.errors } }
        set { settings.withLock { $0.errors = newValue } }
    }

    package var processIdentifier: pid_t { state.withLock { $0.pid } }

    /// Whether the child was started and has not ended.
    package var isRunning: Bool { state.withLock { $0.pid != 0 && $0.status == nil } }

    /// The exit code, or the number of the signal that ended the child; -1 while the child runs.
    package var terminationStatus: Int32 { state.withLock { $0.status ?? -1 } }

    /// Calls `body` with ``terminationStatus`` once the child has ended.
    package func whenEnded(_ body: @escaping @Sendable (Int32) -> Void) {
        let status = state.withLock { state in
            if state.status == nil { state.waiting.append(body) }
            return state.status
        }
        if let status { body(status) }
    }

    /// Blocks this thread until the child has ended.
    package func waitUntilExit() {
        let ended = DispatchSemaphore(value: 0)
        whenEnded { _ in ended.signal() }
        ended.wait()
    }

    /// Sends SIGTERM to the child if it still runs.
    package func terminate() {
        let pid = state.withLock { $0.status == nil ? $0.pid : 0 }
        if pid != 0 { kill(pid, SIGTERM) }
    }

    /// Starts the child in a process group of its own and with no signal blocked. A child inherits the blocked signals
    /// of the thread that starts it, and a thread of the tests has most of them blocked.
    package func run() throws {
        let settings = settings.withLock { $0 }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var ends: [FileHandle] = []
        for (target, stream) in [(CInt(0), settings.input), (1, settings.output), (2, settings.errors)] {
            switch stream {
            case .inherited: break
            case .null: posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, target)
            case .pipe(let pipe):
                let end = target == 0 ? pipe.fileHandleForReading : pipe.fileHandleForWriting
                posix_spawn_file_actions_adddup2(&actions, end.fileDescriptor, target)
                ends.append(end)
            }
        }
        _ = addCloseFrom(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A signal that this process ignores would be ignored by the child, too, until the child handles it itself.
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )

        let path = settings.executableURL?.path ?? ""
        let variables = settings.environment ?? ProcessInfo.processInfo.environment
        let words = ([path] + settings.arguments).map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + environment).forEach { free($0) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, &attributes, words, environment)
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
        state.withLock { $0.pid = pid }
        for end in ends { try? end.close() }
        Thread.detachNewThread { [self, pid] in
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            let code = signal == 0 ? status >> 8 & 0xFF : signal
            let waiting = state.withLock { state in
                state.status = code
                defer { state.waiting = [] }
                return state.waiting
            }
            for body in waiting { body(code) }
        }
    }
}

/// glibc's function of this name (since 2.34), which Swift's module map of glibc leaves out. It closes the child's
/// descriptors from `first` on.
@_silgen_name("posix_spawn_file_actions_addclosefrom_np")
private func addCloseFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: CInt) -> CInt
