import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// Everything that stops the program at one of its questions.
extension TerminalPairingTests {
    enum Stop: String, CaseIterable, Sendable {
        case controlC, controlBackslash, term, hangup, closed

        func strike(_ window: Window, _ store: String) async throws {
            switch self {
            case .controlC: try await window.press("C-c")
            case .controlBackslash: try await window.press("C-\\")
            case .term: try Self.send("TERM", store)
            case .hangup: try Self.send("HUP", store)
            case .closed: window.close()
            }
        }

        /// Sends a signal to the program. Only this test uses the store, so the store identifies the process.
        private static func send(_ signal: String, _ store: String) throws {
            let process = Child()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["pkill", "-\(signal)", "-f", "^\(Program.path) .*--store \(store)"]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    @Test("Every way to stop the program at its question stops the other device too", arguments: Stop.allCases)
    func stopped(stop: Stop) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let offer = try await Window(["offer", "--relay", url, "--store", store])
        defer { offer.stop() }
        let code = try await offer.code()
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        try await offer.wait(for: "Is this the device in your hands")
        try await stop.strike(offer, store)
        #expect(try await join.event("failed")["error"] as? String == "cancelled")
        let end = try await offer.end()
        #expect(end.code == 1)
        #expect(stop == .closed || end.isTerminalAsBefore)
    }

    @Test(
        "Every way to stop the program at the word stops the other device too",
        arguments: [Stop.controlC, .term, .closed]
    )
    func stoppedAtTheWord(stop: Stop) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let offer = try Running(["offer", "--relay", url, "--receive", "--store", folder.store, "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try await Window(["join", code, "--relay", url, "--store", store])
        defer { join.stop() }
        try await join.wait(for: "Its screen shows two words.")
        try await stop.strike(join, store)
        #expect(try await offer.event("failed")["error"] as? String == "cancelled")
        #expect(try await join.end().code == 1)
    }

    @Test("Every way to stop the program while nobody has come ends its code at once", arguments: Stop.allCases)
    func stoppedEarly(stop: Stop) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let offer = try await Window(["offer", "--relay", url, "--store", store])
        defer { offer.stop() }
        let code = try await offer.code()
        try await stop.strike(offer, store)
        #expect(try await offer.end().code == 1)
        let late = try await Program.run(["join", code, "--relay", url, "--store", folder.store, "--json"])
        #expect(["cancelled", "no-such-code"].contains(try late.json()["error"] as? String))
    }

    @Test("Every way to stop the program ends the first and the second question for a code", arguments: Stop.allCases)
    func code(stop: Stop) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        for isSecond in [false, true] {
            let store = folder.store + "\(isSecond)"
            let join = try await Window(["join", "--relay", url, "--store", store])
            defer { join.stop() }
            try await join.wait(for: "Code on the other screen:")
            if isSecond {
                try await join.enter(try wrong(code))
                try await join.wait(
                    until: { $0.joined().contains("code is wrong") && $0.contains { $0.hasPrefix("Code on") } },
                    "asked again"
                )
            }
            try await stop.strike(join, store)
            let end = try await join.end()
            #expect(end.code == 1)
            #expect(stop == .closed || end.isTerminalAsBefore)
        }
    }

    @Test(
        "Every way to stop the program ends the question for a link; nothing is sent, and the code stays good",
        arguments: Stop.allCases
    )
    func linkStopped(stop: Stop) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--yes", "--json"])
        defer { offer.stop() }
        let offered = try await offer.event("offered")
        let link = try #require(offered["link"] as? String)
        let store = folder.store + "stopped"
        let join = try await Window(["join", link, "--store", store])
        defer { join.stop() }
        try await join.wait(for: "Type yes to go on, or no:")
        try await stop.strike(join, store)
        let end = try await join.end()
        #expect(end.code == 1)
        #expect(stop == .closed || end.isTerminalAsBefore)
        // The stopped device never visited the other one, so the link still works for the next device.
        let next = try await Program.run(["join", link, "--yes", "--store", folder.store, "--json"])
        #expect(try next.json()["event"] as? String == "paired")
        #expect(await offer.end() == 0)
    }

    @Test("Control-D ends a question as Control-C does") func endOfInput() async throws {
        let window = try await Window(["join", "--relay", "ws://127.0.0.1:9", "--store", folder.store])
        defer { window.stop() }
        try await window.wait(for: "Code on the other screen:")
        try await window.press("C-d")
        let end = try await window.end()
        #expect(end.code == 1)
        #expect(end.isTerminalAsBefore)
    }

    @Test(
        "A hidden prompt that a signal ends leaves the terminal as it was",
        arguments: ["TERM", "HUP", "INT", "QUIT"]
    )
    func hidden(signal: String) async throws {
        let store = folder.store + signal
        let window = try await Window(["seed", "new", "--seal", "--store", store])
        defer { window.stop() }
        try await window.wait(for: "New passphrase:")
        let process = Child()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["pkill", "-\(signal)", "-f", "^\(Program.path) .*--store \(store)"]
        try process.run()
        process.waitUntilExit()
        let end = try await window.end()
        #expect(end.code > 1)
        #expect(end.isTerminalAsBefore)
    }
}
