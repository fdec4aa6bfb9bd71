import Glibc

/// A child process, with a pipe to its standard input and one from its standard output.
final class Child {
    let process: pid_t
    private let name: String
    private var input: Int32
    private let output: Int32
    private var isOver = false

    /// Starts the process with a fixed hash seed of Swift's dictionaries, so that its counts are the same each time.
    init(_ command: [String]) throws(CountError) {
        setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        name = command[0]
        guard let toChild = Self.pipe(), let fromChild = Self.pipe() else { throw .cannotStart(name) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromChild.write, STDOUT_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, command[0], &actions, nil, &arguments, environ)
        close(toChild.read)
        close(fromChild.write)
        input = toChild.write
        output = fromChild.read
        self.process = process
        guard failure == 0 else {
            isOver = true
            throw .cannotStart(name)
        }
    }

    deinit {
        if !isOver {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        if input >= 0 { close(input) }
        close(output)
    }

    func write(_ text: String) throws(CountError) {
        let bytes = Array(text.utf8)
        guard Glibc.write(input, bytes, bytes.count) == bytes.count else { throw .failed(name) }
    }

    /// Reads the next line of its output, without the line end.
    func line() throws(CountError) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        throw .failed(name)
    }

    /// Closes its input, waits for its end, and throws unless it succeeded.
    func end() throws(CountError) {
        close(input)
        input = -1
        var status: Int32 = 0
        waitpid(process, &status, 0)
        isOver = true
        guard status == 0 else { throw .failed(name) }
    }

    /// A pipe whose ends no other child inherits, so that a child sees the end of its input when this process closes
    /// it.
    private static func pipe() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
