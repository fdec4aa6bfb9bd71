import EasySetupRelay
import Foundation
import Logging
import TestSupport
import Testing

@testable import EasySetupTool

/// The logs of the program, and its admin port.
@Suite("The relay's logs and admin port", .inTurn, .timeLimit(.minutes(60))) struct RelayLogTests {
    private static func line(
        _ format: LogLines.Format,
        isJournal: Bool = false,
        _ level: Logger.Level = .warning,
        _ message: String = "few files",
        _ fields: Logger.Metadata = ["open": "64"]
    ) -> String {
        LogLines(label: "relay", format: format, isJournal: isJournal)
            .line(level: level, message: message, fields, seconds: 1_000_000_000, milliseconds: 7)
    }

    @Test("A line of text has the time, the level and all fields, and stays one line") func text() {
        #expect(Self.line(.text) == "2001-09-09T01:46:40.007Z warning relay: few files open=64")
        let odd: Logger.Metadata = ["b": "two words", "a": "x\ny\u{1B}[1m", "c": ""]
        let line = Self.line(.text, .info, "a\r\nb", odd)
        #expect(line.hasSuffix(" info relay: a  b a=\"x y [1m\" b=\"two words\" c=\"\""))
    }

    @Test("A line of JSON has the same as members, and counts are numbers") func json() throws {
        #expect(
            Self.line(.json) == #"{"time":"2001-09-09T01:46:40.007Z","level":"warning","logger":"relay","#
                + #""message":"few files","open":"64"}"#
        )
        let fields: Logger.Metadata = ["codes": .stringConvertible(3), "level": "mine", "x": "a\"\nb"]
        let line = Self.line(.json, .info, "m", fields)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["codes"] as? Int == 3 && object["level"] as? String == "info")
        #expect(object["level_"] as? String == "mine" && object["x"] as? String == "a\"\nb")
    }

    @Test(
        "For the journal a line begins with its priority",
        arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2])
    )
    func journal(level: Logger.Level, priority: Int) {
        #expect(Self.line(.text, isJournal: true, level) == "<\(priority)>few files open=64")
        #expect(Self.line(.json, isJournal: true, level).hasPrefix("<\(priority)>{\"time\":"))
    }

    @Test("Only where standard error is the journal itself do lines have a priority", arguments: [true, false])
    func journalStream(isJournal: Bool) async throws {
        let folder = ScratchFolder()
        let log = folder.path + "/log"
        let stream = isJournal ? "$(stat -c %d:%i '\(log)')" : "1:2"
        let relay = try Running(
            [
                "-c",
                "exec 2>'\(log)'; JOURNAL_STREAM=\(stream) exec '\(Program.path)' relay --listen 127.0.0.1:0 --json"
                    + " --log-level info",
            ],
            of: "/bin/bash"
        )
        _ = try await relay.event("listening")
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count >= 3)
        #expect(lines.contains { $0.contains("listening") } && lines.contains { $0.contains("no key file") })
        for line in lines {
            let isWarning = line.contains("no key file")
            #expect(line.hasPrefix(isWarning ? "<4>" : "<5>") == isJournal, "\(line)")
            #expect(line.contains(isWarning ? " warning " : " notice ") != isJournal, "\(line)")
        }
    }

    @Test(
        "SIGUSR1 makes a running relay log more, SIGUSR2 less, and neither ends it",
        arguments: [(SIGUSR1, ["info", "debug"]), (SIGUSR2, ["warning", "error"])]
    )
    func signals(signal: Int32, levels: [String]) async throws {
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--json", "--log-format", "json"])
        defer { relay.stop() }
        _ = try await relay.event("listening")
        for level in levels {
            relay.interrupt(signal)
            let line = try #require(await relay.logLine { $0.contains("\"to\":\"\(level)\"") })
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["message"] as? String == "log level changed")
            #expect(object["logger"] as? String == "easysetup.relay")
        }
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
        // That the relay drains is told from the level `notice` on.
        #expect(await relay.errors().contains("draining") == (signal == SIGUSR1))
    }

    @Test("SIGUSR2 never silences errors, and SIGHUP brings the configured level back") func levelsEnd() async throws {
        let folder = ScratchFolder()
        let file = try folder.file("relay.conf", "listen = 127.0.0.1:0\nlog-level = info\n")
        let relay = try Running(["relay", "--json", "--config", file])
        defer { relay.stop() }
        _ = try await relay.event("listening")
        for level in ["to=notice", "to=warning", "to=error", "at=error"] {
            relay.interrupt(SIGUSR2)
            _ = try #require(await relay.logLine { $0.contains("log level") && $0.contains(level) })
        }
        relay.interrupt(SIGHUP)
        _ = try #require(await relay.logLine { $0.contains("settings read anew") })
        relay.interrupt(SIGUSR1)
        _ = try #require(await relay.logLine { $0.contains("log level") && $0.contains("to=debug") })
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
    }

    @Test("With --admin the relay tells the port, and has metrics and health there") func admin() async throws {
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--admin", "0", "--json"])
        defer { relay.stop() }
        let port = try #require(try await relay.event("listening")["admin_port"] as? Int)
        for path in ["metrics", "health/ready"] {
            let curl = try Running(["curl", "-s", "-g", "http://127.0.0.1:\(port)/\(path)"], of: "/usr/bin/env")
            let answer = await curl.output()
            #expect(answer.contains(path == "metrics" ? "\neasysetup_relay_codes_issued_total 0\n" : "ok"))
        }
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
        #expect(await !relay.errors().contains("admin"))
    }

    @Test("Without --admin there is no such port") func noAdmin() async throws {
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--json"])
        defer { relay.stop() }
        #expect(try await relay.event("listening")["admin_port"] == nil)
    }

    @Test(
        "An admin address without a host is one of loopback",
        arguments: [
            ("9464", "127.0.0.1:9464"), (":9464", "127.0.0.1:9464"), ("0", "127.0.0.1:0"), ("*:9464", "*:9464"),
            ("[::1]:9464", "[::1]:9464"), ("admin.example:1", "admin.example:1"), ("", nil), ("x", nil),
            ("70000", nil), ("-1", nil), ("127.0.0.1", nil),
        ]
    )
    func address(written: String, meant: String?) {
        #expect((try? AdminAddress(argument: written))?.address.description == meant)
    }
}
