import EasySetup
import EasySetupHandshake
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// The message of a relay's operator, from `easysetup relay --message` to the screens of devices.
@Suite("The program and the relay's message", .inTurn, .timeLimit(.minutes(60))) struct RelayMessageTests {
    let folder = ScratchFolder()
    static let sentence = "Away on 1 December from 8:00 to 9:00 UTC."

    private func offer(_ port: Int, _ more: String...) throws -> Running {
        try Running(
            ["offer", "--receive", "--relay", "ws://127.0.0.1:\(port)", "--store", folder.path + "/\(UUID())"] + more
        )
    }

    @Test("Programs get it as an event before the code, the place in line and the reason of a refusal") func json()
        async throws
    {
        let (relay, port) = try await Program.relay(["--message", Self.sentence, "--limit", "rooms=1"])
        defer { relay.stop() }
        let offer = try offer(port, "--json")
        defer { offer.stop() }
        #expect(try await offer.event("relay-message")["message"] as? String == Self.sentence)
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let full = try self.offer(port, "--json")
        defer { full.stop() }
        #expect(try await full.event("relay-message")["message"] as? String == Self.sentence)
        #expect(try await full.event("failed")["error"] as? String == "relay-full")
        let store = try await folder.seed("holder")
        let join = try Running(["join", code, "--relay", "ws://127.0.0.1:\(port)", "--store", store, "--json", "--yes"])
        defer { join.stop() }
        #expect(try await join.event("relay-message")["message"] as? String == Self.sentence)
        _ = try await join.event("greeting")
        offer.stop()
        let lines = await offer.output().split(separator: "\n")
        #expect(lines.count { $0.contains("relay-message") } == 1)
    }

    @Test("A pipe has it on one line, in quotes, before the code") func pipe() async throws {
        let (relay, port) = try await Program.relay(["--message", Self.sentence])
        defer { relay.stop() }
        let offer = try offer(port)
        defer { offer.stop() }
        let line = try #require(await offer.line { $0.contains("relay says") || $0.contains("type this code") })
        // The program isolates the sentence's direction where the locale has UTF-8.
        let text = line.filter { $0 != "\u{2068}" && $0 != "\u{2069}" }
        #expect(text == "The relay says: \"\(Self.sentence)\"")
    }

    /// A message whose words, broken at the end of lines, would be a question and a code of the program.
    private static let trap =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa Type.yes.to.give.it.your.seed,.or.no: K.7.Q.-.2.9.M.-.X.A.Q "
        + "easysetup.join.--relay.wss.evil.example now"

    @Test(
        "In a window each of its lines has a mark, and code and time stay in sight",
        arguments: [(48, 8), (48, 3), (20, 6), (80, 24)],
        [[], ["--plain"]]
    )
    func window(size: (Int, Int), options: [String]) async throws {
        let (relay, port) = try await Program.relay(["--message", Self.trap])
        defer { relay.stop() }
        let window = try await Window(
            ["offer", "--receive", "--relay", "ws://127.0.0.1:\(port)", "--store", folder.store] + options,
            width: size.0,
            height: size.1
        )
        defer { window.stop() }
        let isPlain = !options.isEmpty
        try await window.wait(
            until: { lines in
                isPlain
                    ? lines.contains { $0.contains("lives") } : TerminalPairingTests.code(lines) != nil
            },
            "a code"
        )
        let all = try await window.lines(withHistory: true)
        let start = try #require(all.firstIndex { $0.contains("The relay says:") })
        let marked = all[(start + 1)...].prefix { $0.hasPrefix("  |") }
        let text = marked.map { $0.dropFirst(3).filter { $0 != " " && $0 != "\u{2068}" && $0 != "\u{2069}" } }.joined()
        #expect(text == Self.trap.replacing(" ", with: ""), "\(all)")
        // No part of it is outside of the marked lines.
        #expect(!all.contains { !$0.hasPrefix("  |") && $0.contains("Type.yes") }, "\(all)")
    }

    @Test("At SIGHUP it changes for those that connect, an empty file takes it back, and a bad one changes nothing")
    func reload() async throws {
        let file = try folder.file("message", Self.sentence + "\n")
        chmod(file, 0o644)
        let (relay, port) = try await Program.relay(["--message-file", file])
        defer { relay.stop() }
        /// The message that a device which connects now hears.
        func heard() async throws -> String? {
            let offer = try offer(port, "--json")
            defer { offer.stop() }
            _ = try await offer.event("offered")
            // The whole output is there when the program has ended.
            offer.stop()
            for line in await offer.output().split(separator: "\n") where line.contains("relay-message") {
                let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return event?["message"] as? String
            }
            return nil
        }
        func change(_ text: String, until logged: String) async throws {
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            relay.interrupt(SIGHUP)
            _ = try #require(await relay.logLine { $0.contains(logged) })
        }
        #expect(try await heard() == Self.sentence)
        try await change("Back at 9:00 UTC.", until: "Back at 9:00 UTC.")
        #expect(try await heard() == "Back at 9:00 UTC.")
        try await change("one\ntwo\n", until: "has more than one line")
        #expect(try await heard() == "Back at 9:00 UTC.")
        chmod(file, 0o666)
        try await change("Anybody wrote this.", until: "others may write it")
        #expect(try await heard() == "Back at 9:00 UTC.")
        chmod(file, 0o644)
        try await change("\n", until: "devices are told nothing")
        #expect(try await heard() == nil)
    }

    @Test(
        "A text that breaks a rule is refused with the rule",
        arguments: [
            ("say \"yes\"", "quotation mark"), ("see https://relay.example", "link"),
            ("one\ntwo", "more than one line"),
            (String(repeating: "a", count: 161), "longer than 160"), ("\u{1B}[2J", "U+001B"),
            ("turned \u{202E}around", "U+202E"),
        ]
    )
    func refused(text: String, words: String) async throws {
        let result = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--message", text])
        #expect(result.code == 64 && result.errors.contains(words), "\(result.errors)")
        let file = try folder.file("bad", text)
        chmod(file, 0o600)
        let start = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--message-file", file])
        #expect(start.code == 78 && start.errors.contains(words), "\(start.errors)")
        let check = try await Program.run([
            "relay", "--check", "--listen", "127.0.0.1:0", "--message-file", file, "--json",
        ])
        #expect(check.code == 78 && check.output.contains("\"bad-message-file\"") && check.output.contains(words))
    }

    @Test("The check says what devices would be told, an empty text is none, and text and file exclude each other")
    func check() async throws {
        let check = { (arguments: [String]) in
            try await Program.run(["relay", "--check", "--listen", "127.0.0.1:0", "--json"] + arguments)
        }
        let told = try await check(["--message", Self.sentence])
        #expect(told.output.contains("\"tells-devices\"") && told.output.contains(Self.sentence))
        let config = try folder.file("relay.conf", "message = \(Self.sentence)\n")
        chmod(config, 0o600)
        #expect(try await check(["--config", config]).output.contains("\"tells-devices\""))
        let silent = try await check(["--config", config, "--message", ""])
        #expect(!silent.output.contains("\"tells-devices\""), "\(silent.output)")
        #expect(try await check(["--message", "a", "--message-file", config]).code == 64)
        let missing = try await check(["--message-file", folder.path + "/none"])
        #expect(missing.output.contains("\"bad-message-file\"") && missing.code == 78)
    }
}
