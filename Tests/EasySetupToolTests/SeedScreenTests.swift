import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// The questions and answers of the seed commands on a terminal, and the place of a secret otherwise.
@Suite("Screens of the seed commands", .inTurn, .timeLimit(.minutes(60))) struct SeedScreenTests {
    let scratch = ScratchFolder()

    private func stored(_ hex: String = SeedCommandTests.hex) async throws -> String {
        let result = try await Program.run(["seed", "import", "--store", scratch.store, "--json"], input: hex)
        return try #require(try result.json()["user_id"] as? String)
    }

    /// The user ID of the stored seed; nil if none is stored.
    private func userID() async throws -> String? {
        try await Program.run(["seed", "show", "--store", scratch.store, "--json"]).json()["user_id"] as? String
    }

    private static func isDrawn(_ lines: [String]) -> Bool { lines.contains { $0.contains("█") } }

    @Test("The words are in the window after they were shown, with the QR code where both have room")
    func reveal() async throws {
        _ = try await stored()
        for (width, height, hasRoom) in [(80, 24, false), (80, 50, true), (40, 60, false)] {
            let window = try await Window(
                ["seed", "show", "--reveal", "--store", scratch.store],
                width: width,
                height: height
            )
            defer { window.stop() }
            try await window.wait(for: "no:")
            try await window.enter("yes")
            #expect(try await window.end().code == 0)
            let shown = try await window.lines()
            #expect(shown.contains { $0.contains(" 1. forum") }, "\(shown)")
            #expect(shown.last { !$0.isEmpty }?.contains("24. learn") == true, "\(shown)")
            #expect(Self.isDrawn(shown) == hasRoom, "\(shown)")
            let text = try await window.lines(withHistory: true).joined(separator: " ")
            #expect(text.contains("For its QR code, make the window") != hasRoom && text.contains("--png") != hasRoom)
        }
    }

    @Test("A QR code alone is drawn where it has room, and the size is told otherwise") func code() async throws {
        _ = try await stored()
        for (height, told) in [(24, nil), (23, "24 lines high"), (40, nil)] as [(Int, String?)] {
            let window = try await Window(["seed", "show", "--qr", "--store", scratch.store], height: height)
            defer { window.stop() }
            try await window.wait(for: "no:")
            try await window.enter("yes")
            #expect(try await window.end().code == 0)
            let shown = try await window.lines()
            #expect(Self.isDrawn(shown) == (told == nil), "\(shown)")
            if let told { #expect(shown.joined(separator: " ").contains(told), "\(shown)") }
        }
    }

    @Test("A file that others may read is named as such before a secret goes there", arguments: ["022", "077"])
    func openFile(mask: String) async throws {
        _ = try await stored()
        let isOpen = mask == "022"
        for command in ["show --reveal", "show --qr", "show --png -", "inspect --reveal"] {
            let result = try await Program.shell(
                "umask \(mask); rm -f '\(scratch.path)/out'; "
                    + "$ES seed \(command) --store '\(scratch.store)' > '\(scratch.path)/out' < /dev/null"
            )
            #expect(result.code == 0)
            #expect(result.errors.contains("chmod 600") == isOpen, "\(command): \(result.errors)")
        }
        // No secret goes there.
        let harmless = try await Program.shell(
            "umask \(mask); $ES seed show --store '\(scratch.store)' > '\(scratch.path)/out' < /dev/null"
        )
        #expect(!harmless.errors.contains("chmod"))
        let asked = try await Window(
            [
                "-c",
                "umask \(mask); exec \(Program.path) seed show --reveal --store '\(scratch.store)' > '\(scratch.path)/new'",
            ],
            of: "/bin/sh"
        )
        defer { asked.stop() }
        let shown = try await asked.wait(for: "no:").joined(separator: " ")
        #expect(shown.contains("run chmod 600") == isOpen, "\(shown)")
        try await asked.enter("no")
        #expect(try await asked.end().code == 1)
        // The restore code opens the copy, so it is a secret as well.
        let removed = try await Program.shell(
            "umask \(mask); rm -f '\(scratch.path)/out'; $ES seed remove --user-id \(SeedCommandTests.userID) "
                + "--store '\(scratch.store)' > '\(scratch.path)/out' < /dev/null"
        )
        #expect(removed.code == 0 && removed.errors.contains("chmod 600") == isOpen, "\(removed.errors)")
    }

    @Test("Another seed takes the place of the stored one after a yes, or with --yes, and nothing is asked in vain")
    func replacement() async throws {
        let first = try await stored()
        let replace = ["seed", "replace", "--store", scratch.store]
        let nobody = try await Program.run(replace + ["--json"], input: SeedCommandTests.otherHex)
        #expect(nobody.code == 66)
        #expect((try nobody.json()["advice"] as? String)?.contains("--yes") == true)
        #expect(try await userID() == first)
        // The same seed replaces nothing.
        let same = try await Program.run(replace + ["--json"], input: SeedCommandTests.hex)
        #expect(try same.json()["result"] as? String == "already-stored")
        for (answer, code) in [("no", Int32(1)), ("yes", 0)] {
            let session = try Terminal(replace)
            try session.answer("ends it.", with: SeedCommandTests.otherHex + "\r")
            try session.answer("or no:", with: answer + "\r")
            let (shown, end) = session.finish()
            #expect(end == code, "\(shown)")
            #expect(shown.contains(first) && shown.contains("The user id of the seed that you have given is:"))
            #expect(try await (userID() == first) == (answer == "no"))
        }
        let yes = try await Program.run(replace + ["--yes", "--json"], input: SeedCommandTests.hex)
        #expect(try yes.json()["result"] as? String == "replaced")
        // Nothing is stored in an empty store that could be lost.
        let empty = try await Program.run(
            ["seed", "replace", "--store", scratch.path + "/empty", "--json"],
            input: SeedCommandTests.hex
        )
        #expect(try empty.json()["result"] as? String == "stored")
        // A damaged file may still be mended, so it is asked about, too.
        try Data("nonsense".utf8).write(to: URL(filePath: scratch.store + "/seed"))
        let damaged = try await Program.run(replace + ["--json"], input: SeedCommandTests.hex)
        #expect(try damaged.json()["error"] as? String == "nobody-to-ask")
    }

    @Test(
        "Control-C and Control-D at a question stop the command, which says so on a line of its own",
        arguments: ["show --reveal", "remove", "replace"],
        ["C-c", "C-d"]
    )
    func stopped(command: String, key: String) async throws {
        let first = try await stored()
        let picture = try await Program.run(
            ["seed", "show", "--store", try await scratch.seed("other"), "--png", scratch.path + "/other.png"]
        )
        #expect(picture.code == 0)
        let more = command == "replace" ? ["--qr", scratch.path + "/other.png"] : []
        let window = try await Window(
            ["seed"] + command.split(separator: " ").map(String.init) + more + ["--store", scratch.store]
        )
        defer { window.stop() }
        try await window.wait(for: "no:")
        try await window.press(key)
        let end = try await window.end()
        #expect(end.code == 1 && end.isTerminalAsBefore)
        let shown = try await window.lines()
        #expect(shown.contains("You stopped."), "\(shown)")
        #expect(try await userID() == first)
    }

    @Test(
        "A seed whose bytes are all the same is not stored, in whatever form it comes",
        arguments: ["00", "ff", "5a"]
    )
    func guessable(byte: String) async throws {
        let hex = String(repeating: byte, count: 32)
        let inspected = try await Program.run(["seed", "inspect", "--reveal", "--json"], input: hex).json()
        let forms = [
            hex, try #require(inspected["recovery_phrase"] as? String), try #require(inspected["link"] as? String),
        ]
        for text in forms {
            for command in ["import", "replace"] {
                let result = try await Program.run(["seed", command, "--store", scratch.store, "--json"], input: text)
                #expect(result.code == 65)
                #expect(try result.json()["error"] as? String == "seed-guessable")
            }
        }
        #expect(try await userID() == nil)
        let nearly = hex.dropLast(2) + (byte == "01" ? "02" : "01")
        #expect(
            try await Program.run(["seed", "import", "--store", scratch.store], input: String(nearly)).code == 0
        )
    }

    @Test("A wrong restore code is called one, and a passphrase of its form opens the copy that it seals")
    func restoreCodes() async throws {
        func file(_ text: String) throws -> String {
            let path = try scratch.file("secret", text + "\n")
            #expect(chmod(path, 0o600) == 0)
            return path
        }
        let first = try await stored()
        _ = try await Program.run(["seed", "remove", "--store", scratch.store, "--user-id", first])
        for (text, error, word) in [
            ("0000-0000-0000-0000-0000", "wrong-restore-code", "The restore code does not open"),
            ("0000-0000-0000-0000-000", "copy-not-opened", "20 letters and digits"),
        ] {
            let result = try await Program.run(
                ["seed", "restore", "--store", scratch.store, "--passphrase-file", try file(text), "--json"]
            )
            #expect(result.code == 77)
            #expect(try result.json()["error"] as? String == error)
            #expect((try result.json()["message"] as? String)?.contains(word) == true)
        }
        // Twenty letters and digits that a restore code may have, in words.
        let passphrase = try file("seven grey cats can seem")
        let sealed = ["--store", scratch.path + "/sealed", "--passphrase-file", passphrase, "--json"]
        let made = try await Program.run(["seed", "new"] + sealed).json()["user_id"] as? String
        _ = try await Program.run(["seed", "remove", "--user-id", try #require(made)] + sealed)
        let restored = try await Program.run(["seed", "restore"] + sealed)
        #expect(try restored.json()["user_id"] as? String == made)
        #expect(try Data(contentsOf: URL(filePath: scratch.path + "/sealed/seed"))[9] == 1, "it is sealed as before")
    }
}
