import Foundation
import Synchronization
import Testing

/// The program as a process that a test talks to while it runs.
final class Running: Sendable {
    let arguments: [String]
    private let process = Process()
    private let input = Pipe()
    private let lines: Lines
    private let told: Lines

    init(_ arguments: [String]) throws {
        self.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: Program.path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        lines = Lines(output.fileHandleForReading)
        told = Lines(errors.fileHandleForReading)
        signal(SIGPIPE, SIG_IGN)
        try process.run()
    }

    /// The first event with this name, once it has come. Throws when the program ends without it.
    func event(_ name: String) async throws -> [String: Any] {
        let line = await lines.first { line in
            let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return event?["event"] as? String == name
        }
        let text = try #require(line, "\(arguments[0]) ended without \(name)")
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Writes to its standard input.
    func type(_ text: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Presses Control-C.
    func interrupt() {
        kill(process.processIdentifier, SIGINT)
    }

    /// Its exit code, once it has ended by itself.
    func end() async throws -> Int32 {
        _ = await lines.first { _ in false }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Everything it wrote to standard error, once it has ended.
    func errors() async -> String {
        _ = await told.first { _ in false }
        return told.text
    }

    /// Ends it, where it still runs.
    func stop() {
        if process.isRunning { process.terminate() }
    }

    /// Lines of a pipe, read by a thread of their own, for any number of readers.
    private final class Lines: Sendable {
        private struct State {
            var lines: [String] = []
            var isOver = false
            var waiting: [(fits: @Sendable (String) -> Bool, from: Int, answer: CheckedContinuation<String?, Never>)] =
                []
        }

        private let state = Mutex(State())

        init(_ file: FileHandle) {
            Thread.detachNewThread { [self] in
                var rest = Data()
                while true {
                    let data = file.availableData
                    if data.isEmpty { break }
                    rest += data
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        add(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                        rest = Data(rest[rest.index(after: end)...])
                    }
                }
                if !rest.isEmpty { add(String(decoding: rest, as: UTF8.self)) }
                let waiting = state.withLock { state in
                    state.isOver = true
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for reader in waiting { reader.answer.resume(returning: nil) }
            }
        }

        var text: String { state.withLock { $0.lines.joined(separator: "\n") } }

        func first(where fits: @escaping @Sendable (String) -> Bool) async -> String? {
            await withCheckedContinuation { answer in
                let found: String?? = state.withLock { state in
                    if let line = state.lines.first(where: fits) { return line }
                    if state.isOver { return .some(nil) }
                    state.waiting.append((fits, state.lines.count, answer))
                    return nil
                }
                if let found { answer.resume(returning: found) }
            }
        }

        private func add(_ line: String) {
            let ready = state.withLock { state in
                state.lines.append(line)
                let ready = state.waiting.filter { $0.fits(line) }
                state.waiting.removeAll { $0.fits(line) }
                return ready
            }
            for reader in ready { reader.answer.resume(returning: line) }
        }
    }
}

/// Something that listens on a free port and gives everyone the same answer.
final class CannedServer: Sendable {
    let port: Int
    private let socket: Int32

    init(_ answer: String) throws {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | listen(listener, 8) | getsockname(listener, pointer, &length)
            }
        }
        try #require(status == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
        socket = listener
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4096)
                _ = read(connection, &request, request.count)
                _ = write(connection, answer, answer.utf8.count)
                close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}
