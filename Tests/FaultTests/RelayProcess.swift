import Foundation
import Synchronization
import TestSupport
import Testing

/// The relay as a process that is killed and started again on the same port.
final class RelayProcess: Sendable {
    let port: Int
    private let arguments: [String]
    private let state: Mutex<(running: Running, kills: Int, isOver: Bool)>

    /// Runs a relay as long as the body runs.
    ///
    /// - Parameter keyFile: the relay's key file; nil for a relay that loses its key when it is killed.
    static func run<Result>(
        keyFile: String?,
        _ options: [String] = [],
        _ body: (RelayProcess) async throws -> Result
    ) async throws -> Result {
        let port = try FreePort.below30000()
        var arguments = ["relay", "--listen", "127.0.0.1:\(port)", "--json"] + options
        if let keyFile { arguments += ["--key-file", keyFile] }
        let first = try Running(arguments)
        let relay = RelayProcess(port, arguments, first)
        defer { relay.stop() }
        _ = try await first.event("listening")
        return try await body(relay)
    }

    private init(_ port: Int, _ arguments: [String], _ running: Running) {
        self.port = port
        self.arguments = arguments
        state = Mutex((running, 0, false))
    }

    /// The number of kills so far.
    var kills: Int { state.withLock(\.kills) }

    /// Kills the relay with `kill -9`, and starts another one when the first has ended.
    func strike() {
        let killed = state.withLock { state in
            state.kills += 1
            return state.running
        }
        killed.interrupt(SIGKILL)
        Task {
            _ = await killed.end()
            let isOver = state.withLock(\.isOver)
            guard !isOver, let next = try? Running(arguments) else { return }
            let isLate = state.withLock { state in
                state.running = next
                return state.isOver
            }
            if isLate { next.stop() }
        }
    }

    private func stop() {
        let running = state.withLock { state in
            state.isOver = true
            return state.running
        }
        running.stop()
    }
}
