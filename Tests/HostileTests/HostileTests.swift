import EasySetupHandshake
import EasySetupSeed
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EasySetup

/// Attacks on a relay process while honest devices pair at it. Run by scripts/hostile, which sets the length, and
/// alone, because other load would disturb the measurements.
@Suite("Hostile load", .enabled(if: Order.size != nil), .serialized, .timeLimit(.minutes(60)))
struct HostileTests {
    @Test("A load of strangers leaves honest pairings alone, and the relay below its ceiling") func load() async throws
    {
        let isLong = Order.isLong
        let memory = isLong ? "512" : "160"
        let (relay, port) = try await Program.relay(["--memory", memory], of: Order.program)
        defer { relay.stop() }
        let ceiling = try #require(try await relay.event("listening")["memory_ceiling"] as? Int)
        #expect(ceiling <= (Int(memory) ?? 0) * 1024 * 1024)

        say("\na relay that may hold \(ceiling >> 20) MiB")
        say(Table.head)
        let alone = try await pair(port: port, times: 1)
        say(
            Table.row(
                "(nobody)",
                Attack.Outcome(),
                Memory.resident(relay.pid),
                alone,
                .zero
            )
        )
        for group in Attack.groups {
            let start = ContinuousClock.now
            let peak = Memory.Peak(relay.pid)
            let gate = Gate()
            async let outcomes = withTaskGroup(of: (Int, Attack.Outcome).self) { tasks in
                for (number, attack) in group.enumerated() {
                    tasks.addTask { (number, await attack.run(port: port, isLong: isLong, beside: gate)) }
                }
                return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let pairings = await Result { try await pair(port: port, times: 3) }
            gate.open()
            let ends = await outcomes
            let honest = try pairings.get()
            for (number, attack) in group.enumerated() {
                let outcome = ends[number] ?? Attack.Outcome()
                say(Table.row(attack.name, outcome, peak.stop(), honest, ContinuousClock.now - start))
                #expect(honest.done == 3, "\(attack.name)")
                #expect(outcome.attempts > 0, "\(attack.name)")
                if attack.isAllRefused { #expect(outcome.refused == outcome.attempts, "\(attack.name)") }
            }
            #expect(Memory.resident(relay.pid) < ceiling, "\(group.map(\.name))")
        }
        let highest = Memory.highest(relay.pid)
        say("at most \(highest >> 20) of \(ceiling >> 20) MiB\n")
        #expect(highest < ceiling)
        relay.interrupt(SIGTERM)
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
    }

    struct Pairings {
        var done = 0
        var slowest = Duration.zero
    }

    /// Pairs two devices, `times` times.
    func pair(port: Int, times: Int) async throws -> Pairings {
        let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true))
        var pairings = Pairings()
        for _ in 0..<times {
            let start = ContinuousClock.now
            let offering = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: MemorySeedStore(.random()))
            let visiting = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore(nil))
            let offerer = Watch(offering.offer(at: address, approve: { _ in .approve }))
            let code = try await offerer.offer().code
            let visitor = Watch(visiting.join(code, at: address, approve: { _ in .approve }))
            if case .success = try await visitor.outcome() { pairings.done += 1 }
            pairings.slowest = max(pairings.slowest, ContinuousClock.now - start)
        }
        return pairings
    }
}

/// The settings from scripts/hostile.
enum Order {
    /// Nil when the tests are not to run.
    static let size = ProcessInfo.processInfo.environment["EASYSETUP_HOSTILE"]
    static let isLong = size == "long"
    static let program = ProcessInfo.processInfo.environment["EASYSETUP_PROGRAM"] ?? Program.path
}

/// Prints a line at once, and appends it to a file.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// The results as a table.
enum Table {
    static let head = row(["attack", "attempts", "refused", "peak MiB", "honest pairs", "slowest", "took"])

    static func row(
        _ name: String,
        _ outcome: Attack.Outcome,
        _ peak: Int,
        _ honest: HostileTests.Pairings,
        _ time: Duration
    ) -> String {
        row([
            name, "\(outcome.attempts)", "\(outcome.refused)", "\(peak >> 20)", "\(honest.done)",
            "\(Int(honest.slowest / .milliseconds(1))) ms", "\(time.components.seconds) s",
        ])
    }

    private static func row(_ cells: [String]) -> String {
        let widths = [26, 9, 9, 9, 13, 10, 7]
        return zip(cells, widths).enumerated().map { index, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + padding : padding + cell.0
        }
        .joined()
    }
}

/// The memory of a process, as Linux reports it, in bytes.
enum Memory {
    static func resident(_ process: Int32) -> Int { value("VmRSS", process) }
    /// The highest value since the process started.
    static func highest(_ process: Int32) -> Int { value("VmHWM", process) }

    private static func value(_ name: String, _ process: Int32) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    /// The highest value from now on, sampled regularly by a thread of its own.
    final class Peak: Sendable {
        private let state = Mutex((highest: 0, isOver: false))

        init(_ process: Int32) {
            Thread.detachNewThread { [state = self] in
                while state.note(Memory.resident(process)) { Thread.sleep(forTimeInterval: 0.02) }
            }
        }

        func stop() -> Int {
            state.withLock { state in
                state.isOver = true
                return state.highest
            }
        }

        private func note(_ bytes: Int) -> Bool {
            state.withLock { state in
                state.highest = max(state.highest, bytes)
                return !state.isOver
            }
        }
    }
}

extension Result {
    /// The result of a closure that may throw.
    fileprivate init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
