import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// The program as a job of a shell, which puts it aside and fetches it back.
extension TerminalPairingTests {
    @Test("A program that is put aside and fetched back shows its whole screen again", arguments: [true, false])
    func aside(isContinued: Bool) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let shell = try await Window(["--norc", "-i"], of: "/bin/bash", environment: ["PS1": "prompt> "])
        defer { shell.stop() }
        try await shell.wait(for: "prompt>")
        try await shell.enter("\(Program.path) offer --relay \(url) --store \(store)")
        let code = Self.code(try await shell.wait(until: { Self.code($0) != nil && Self.isCountdown($0) }, "a code"))
        try await shell.press("C-z")
        try await shell.wait(for: "Stopped")
        if isContinued { try await shell.enter("bg") }
        try await shell.enter("clear; sleep 1; echo meanwhile")
        try await shell.wait(until: { $0.first == "meanwhile" }, "the shell")
        try await shell.enter("fg")
        let shown = try await shell.wait(until: { Self.code($0) == code && Self.isCountdown($0) }, "the code again")
        #expect(shown.first == "meanwhile")
        #expect(shown.count { $0.contains("type this code there") } == 1)
        #expect(try await shell.mode().isSuperset(of: ["-echo", "-icanon", "isig"]))
        try await shell.press("C-c")
        try await shell.wait(for: "You stopped.")
    }

    @Test(
        "A plain question is asked again once the program is in the foreground",
        arguments: [true, false],
        ["seed", "join"]
    )
    func plainBackground(isStarted: Bool, command: String) async throws {
        let isSeed = command == "seed"
        let question = isSeed ? "Type yes, or no:" : "Code on the other screen:"
        let arguments =
            isSeed
            ? "seed show --reveal --store \(try await folder.seed("a"))"
            : "join --store \(folder.store) --relay ws://127.0.0.1:9"
        let shell = try await Window(
            ["--norc", "--noprofile", "-i"],
            of: "/bin/bash",
            width: 200,
            environment: ["PS1": "prompt> ", "TERM": "dumb"]
        )
        defer { shell.stop() }
        try await shell.wait(for: "prompt>")
        try await shell.enter("\(Program.path) \(arguments)" + (isStarted ? " &" : ""))
        if !isStarted {
            try await shell.wait(for: question)
            try await shell.press("C-z")
            try await shell.wait(for: "Stopped")
        }
        try await shell.enter("echo heard-$((40 + 2))")
        try await shell.wait(for: "heard-42")
        try await shell.enter("fg")
        try await shell.wait(
            until: { lines in
                guard let fetched = lines.lastIndex(where: { $0.hasSuffix("prompt> fg") }) else { return false }
                return lines[fetched...].contains { $0.contains(question) }
            },
            "asked below fg"
        )
        if isSeed { try await shell.enter("no") } else { try await shell.press("C-c") }
        try await shell.wait(for: isSeed ? "it was not confirmed" : "You stopped.")
    }

    @Test(
        "A program in the background reads nothing that is typed for the shell, and asks once it is in the foreground",
        arguments: [true, false]
    )
    func background(isStoppedFirst: Bool) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let store = try await folder.seed("a")
        let shell = try await Window(
            ["--norc", "--noprofile", "-i"],
            of: "/bin/bash",
            height: 50,
            environment: ["PS1": "prompt> "]
        )
        defer { shell.stop() }
        try await shell.wait(for: "prompt>")
        let command = "\(Program.path) offer --relay \(url) --store \(store)"
        try await shell.enter(isStoppedFirst ? command : command + " &")
        let code = try await shell.code()
        if isStoppedFirst {
            try await shell.press("C-z")
            try await shell.wait(for: "Stopped")
            try await shell.enter("bg")
        }
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        _ = try await join.event("peer")
        // The shell must receive both lines. A program in the background that read the terminal would take one of them.
        for word in ["one", "two"] {
            try await shell.enter("echo heard-$((40 + 2))-\(word)")
            try await shell.wait(for: "heard-42-\(word)")
        }
        try await shell.enter("clear; fg")
        try await shell.wait(for: "Is this the device in your hands")
        try await shell.enter("yes")
        _ = try await join.event("paired")
        // The program drops all input until its end, so the test types the next command only after the shell's prompt.
        try await shell.wait(
            until: { lines in
                lines.contains { $0.hasPrefix("Paired. Both devices have the user id") }
                    && lines.last { !$0.isEmpty }?.hasPrefix("prompt>") == true
            },
            "the shell after the pairing"
        )
        try await shell.enter("echo modes-$(stty -a | tr ' ;' '\\n' | grep -cxE 'echo|icanon|isig|icrnl')")
        try await shell.wait(for: "modes-4")
    }
}
