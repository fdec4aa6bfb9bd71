import Foundation
import TestSupport
import Testing

/// The windows in which tests look at screens, checked with programs whose output is known.
@Suite("The tests' window", .inTurn, .timeLimit(.minutes(60))) struct WindowTests {
    @Test("A window shows a program's output, takes keys, and reports the program's end") func talk() async throws {
        let window = try await Window(
            ["-c", "stty size; read line; echo \"heard $line\"; exit 3"],
            of: "/bin/sh",
            width: 50,
            height: 12
        )
        defer { window.stop() }
        try await window.wait(for: "12 50")
        try await window.enter("that's it")
        try await window.wait(for: "heard that's it")
        let end = try await window.end()
        #expect(end.code == 3)
        #expect(end.isTerminalAsBefore)
    }

    @Test("A window reports a terminal that is left in another mode") func mode() async throws {
        let window = try await Window(["-c", "stty -echo -icanon"], of: "/bin/sh")
        defer { window.stop() }
        let end = try await window.end()
        #expect(!end.isTerminalAsBefore)
    }

    @Test("A window closes as a person closes it, and its program gets the signal") func close() async throws {
        let window = try await Window(["-c", "trap 'exit 7' HUP; echo here; while :; do sleep 1; done"], of: "/bin/sh")
        defer { window.stop() }
        try await window.wait(for: "here")
        window.close()
        #expect(try await window.end().code == 7)
    }

    @Test("A window changes its size") func resize() async throws {
        let window = try await Window(
            ["-c", "trap 'stty size' WINCH; echo here; while read line; do :; done"],
            of: "/bin/bash"
        )
        defer { window.stop() }
        try await window.wait(for: "here")
        try await window.resize(width: 33, height: 11)
        try await window.press("Enter")
        try await window.wait(for: "11 33")
    }
}
