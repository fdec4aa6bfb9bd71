import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The command easysetup seed", .inTurn) struct SeedCommandTests {
    static let phrase =
        "forum purpose proof spike erode illness position drift unfold plug lecture zone name apart aim venue decide "
        + "spider menu immune panel napkin game learn"
    static let hex = "5bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"
    static let userID = "f58ca446f0c33ee7e8e9874466da442b2e764afd77ad46034bdff9e01f9b87d4"
    static let otherHex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

    let scratch = ScratchFolder()

    private func seed(_ arguments: String..., input: String = "") async throws -> Program.Result {
        try await Program.run(["seed"] + arguments, input: input)
    }

    @Test("The command new makes a seed that show describes, and refuses to make another") func new() async throws {
        let made = try await seed("new", "--store", scratch.store, "--json")
        #expect(made.code == 0)
        #expect(made.lines.count == 1)
        let created = try made.json()
        #expect(created["event"] as? String == "created")
        let userID = try #require(created["user_id"] as? String)
        let shown = try await seed("show", "--store", scratch.store, "--json").json()
        #expect(shown["user_id"] as? String == userID)
        #expect(shown["recovery_phrase"] == nil && shown["link"] == nil)
        let again = try await seed("new", "--store", scratch.store, "--json")
        #expect(again.code == 73)
        #expect(try again.json()["error"] as? String == "seed-stored")
        let after = try await seed("show", "--store", scratch.store, "--json").json()
        #expect(after["user_id"] as? String == userID)
    }

    @Test("The command show --reveal shows texts that import reads, in every form") func reveal() async throws {
        _ = try await seed("new", "--store", scratch.store)
        let shown = try await seed("show", "--store", scratch.store, "--reveal", "--json").json()
        for form in ["recovery_phrase", "link"] {
            let text = try #require(shown[form] as? String)
            let imported = try await seed("import", "--store", scratch.path + "/" + form, "--json", input: text)
            #expect(imported.code == 0)
            #expect(try imported.json()["user_id"] as? String == shown["user_id"] as? String)
        }
    }

    @Test(
        "The command inspect describes the seed in any written form",
        arguments: [
            phrase, phrase.uppercased() + "\n", hex, "W7XOsWjkyOJqGhbtNNn8f+ksFIFXkzjaNiy42fkl18s=\n",
            "easysetup-seed:1/BETWXCB8WK4E4TGT2VPK9PFWFZMJR541AY9KHPHP5JWDKY95TZ5TM6KF2RT4FXYA",
        ]
    ) func inspect(text: String) async throws {
        let result = try await seed("inspect", "--json", input: text)
        #expect(result.code == 0)
        let told = try result.json()
        #expect(told["event"] as? String == "seed")
        #expect(told["user_id"] as? String == Self.userID)
        #expect(told["user_id_base64"] as? String == "9YykRvDDPufo6YdEZtpEKy52Sv13rUYDS9/54B+bh9Q=")
        #expect(
            told["secretbox_key_fingerprint"] as? String
                == "42097de389996304fcb188ecba4416bb27eede645ee5eae54f0961d1972f2421"
        )
        #expect(told["recovery_phrase"] == nil)
        let revealed = try await seed("inspect", "--json", "--reveal", input: text).json()
        #expect(revealed["recovery_phrase"] as? String == Self.phrase)
    }

    @Test("The command inspect describes the stored seed without input, and the input otherwise") func inspectStore()
        async throws
    {
        _ = try await seed("import", "--store", scratch.store, input: Self.hex)
        let stored = try await seed("inspect", "--store", scratch.store, "--json").json()
        #expect(stored["user_id"] as? String == Self.userID)
        let other = try await seed("inspect", "--store", scratch.store, "--json", input: Self.otherHex).json()
        #expect(other["user_id"] as? String != Self.userID)
    }

    @Test("The command import is idempotent, refuses another seed, and replaces it only when told to") func importing()
        async throws
    {
        let first = try await seed("import", "--store", scratch.store, "--json", input: Self.phrase)
        #expect(try first.json()["result"] as? String == "stored")
        let again = try await seed("import", "--store", scratch.store, "--json", input: Self.hex)
        #expect(again.code == 0)
        #expect(try again.json()["result"] as? String == "already-stored")
        let clash = try await seed("import", "--store", scratch.store, "--json", input: Self.otherHex)
        #expect(clash.code == 73)
        let failure = try clash.json()
        #expect(failure["event"] as? String == "failed")
        #expect(failure["error"] as? String == "other-seed-stored")
        #expect((failure["message"] as? String)?.contains(Self.userID) == true)
        #expect(failure["retry"] as? Bool == false)
        let yes = try await seed("import", "--store", scratch.store, "--replace", "--json", input: Self.otherHex)
        #expect(try yes.json()["result"] as? String == "replaced")
    }

    @Test(
        "A public identifier of the stored chain is no seed",
        arguments: ["user_id", "user_id_base64", "secretbox_key_fingerprint"]
    )
    func publicID(field: String) async throws {
        let stored = try await seed("import", "--store", scratch.store, "--json", input: Self.hex).json()
        let text = try #require(stored[field] as? String)
        for more in [[], ["--replace"]] {
            let result = try await Program.run(
                ["seed", "import", "--store", scratch.store, "--json"] + more,
                input: text
            )
            #expect(result.code == 65)
            #expect(try result.json()["error"] as? String == "public-id-given")
        }
        let shown = try await seed("show", "--store", scratch.store, "--json").json()
        #expect(shown["user_id"] as? String == stored["user_id"] as? String)
    }

    @Test(
        "An unreadable input has an error with the reason, and its exit code",
        arguments: [
            (
                phrase.replacingOccurrences(of: "forum", with: "forun"), "phrase-unknown-word",
                "letter by letter"
            ),
            (phrase + " zoo", "phrase-word-count", "missing, doubled"),
            (phrase.replacingOccurrences(of: "forum", with: "zoo"), "phrase-checksum", "order"),
            ("xyzzy", "seed-unreadable", "24 words"),
            ("", "seed-unreadable", "24 words"),
            ("easysetup-seed:2/ABC", "seed-link-version", "newer"),
            (String(repeating: "a ", count: 10_000), "seed-too-long", "alone"),
        ]
    ) func unreadable(text: String, error: String, advice: String) async throws {
        let result = try await seed("import", "--store", scratch.store, "--json", input: text)
        #expect(result.code == 65)
        #expect(try result.json()["error"] as? String == error)
        #expect((try result.json()["advice"] as? String)?.contains(advice) == true)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
        let forPeople = try await seed("import", "--store", scratch.store, input: text)
        #expect(forPeople.code == 65)
        #expect(forPeople.output.isEmpty)
        #expect(forPeople.errors.contains(advice))
    }

    @Test("No error repeats a word of a phrase, or a word that is near to it", arguments: [[], ["--json"]])
    func silent(form: [String]) async throws {
        for wrong in ["foru", "purpos", "prooff"] {
            let first = try #require(Self.phrase.split(separator: " ").first { $0.hasPrefix(wrong.prefix(4)) })
            let text = Self.phrase.replacing(first, with: "\(wrong)x")
            let result = try await seed("import", "--store", scratch.store, "--log-level", "trace", input: text)
            #expect(result.code == 65)
            for word in Self.phrase.split(separator: " ") where word.count > 4 {
                #expect(!result.output.contains(word) && !result.errors.contains(word))
            }
        }
    }

    @Test("A copy of a replaced seed is sealed as the seed is, and called a secret") func sealedCopy() async throws {
        let passphrase = try scratch.file("pw", "open sesame\n")
        #expect(chmod(passphrase, 0o600) == 0)
        _ = try await seed("import", "--store", scratch.store, input: Self.otherHex)
        let replaced = try await seed(
            "import",
            "--store",
            scratch.store,
            "--passphrase-file",
            passphrase,
            "--replace",
            input: Self.hex
        )
        #expect(replaced.code == 0)
        #expect(replaced.errors.contains("plain"), "a passphrase for a plain store is worth a word")
        #expect(replaced.output.contains(scratch.store + "/seed.") && replaced.output.contains("A sealed copy is kept"))
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.store).filter { $0.hasPrefix("seed") }
        #expect(files.count == 2)
        for file in files {
            let data = try Data(contentsOf: URL(filePath: scratch.store + "/" + file))
            #expect(data[9] == 1, "\(file)")
        }
    }

    @Test(
        "A passphrase file that everybody may read, or that others write, is refused",
        arguments: [0o644, 0o604, 0o620]
    )
    func openPassphraseFile(mode: mode_t) async throws {
        let file = try scratch.file("pw", "open sesame\n")
        #expect(chmod(file, mode) == 0)
        let refused = try await seed("new", "--store", scratch.store, "--passphrase-file", file, "--json")
        #expect(refused.code == 77)
        #expect(try refused.json()["error"] as? String == "passphrase-file-open-to-others")
        #expect(chmod(file, 0o640) == 0)
        #expect(try await seed("new", "--store", scratch.store, "--passphrase-file", file).code == 0)
    }

    @Test("A passphrase file seals the store, and a wrong one is refused") func sealed() async throws {
        let right = try scratch.file("right", "open sesame\nsecond line\n")
        let same = try scratch.file("same", "open sesame\r\n")
        let wrong = try scratch.file("wrong", "open says me\n")
        for file in [right, same, wrong] { #expect(chmod(file, 0o600) == 0) }
        let new = try await seed("new", "--store", scratch.store, "--passphrase-file", right, "--json")
        #expect(new.code == 0)
        let shown = try await seed("show", "--store", scratch.store, "--passphrase-file", same, "--json")
        #expect(try shown.json()["user_id"] as? String == new.json()["user_id"] as? String)
        for (arguments, error, code) in [
            (["--passphrase-file", wrong], "wrong-passphrase", 77), ([], "passphrase-needed", 77),
            (["--passphrase-file", scratch.path + "/none"], "passphrase-file", 66),
        ] as [([String], String, Int32)] {
            let refused = try await Program.run(["seed", "show", "--store", scratch.store, "--json"] + arguments)
            #expect(refused.code == code)
            #expect(try refused.json()["error"] as? String == error)
        }
    }

    @Test("A store without a seed, and one that others can read, have errors of their own") func stores() async throws {
        let empty = try await seed("show", "--store", scratch.store, "--json")
        #expect(empty.code == 66)
        #expect(try empty.json()["error"] as? String == "no-seed-stored")
        _ = try await seed("new", "--store", scratch.store)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.store)
        let open = try await seed("show", "--store", scratch.store, "--json")
        #expect(open.code == 77)
        #expect(try open.json()["error"] as? String == "store-open-to-others")
    }

    @Test("A seed among the arguments is refused and not repeated", arguments: ["new", "show", "import", "inspect"])
    func noArguments(command: String) async throws {
        let result = try await Program.run(["seed", command, "--store", scratch.store, Self.hex, "forum", "--json"])
        #expect(result.code == 64)
        #expect(try result.json()["error"] as? String == "usage")
        #expect(!result.errors.contains("forum") && !result.errors.contains(Self.hex))
    }

    @Test("Wrong options end with 64 and advice") func usage() async throws {
        let result = try await seed("show", "--store")
        #expect(result.code == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("--store"))
        #expect(try await seed("show", "--store", "x", "--log-level", "loud").code == 64)
    }

    @Test("Without --reveal nothing secret is written anywhere, at any log level") func quiet() async throws {
        let words = Self.phrase.split(separator: " ").prefix(3).joined(separator: " ")
        for command in ["import", "inspect"] {
            for form in [[], ["--json"]] {
                let result = try await Program.run(
                    ["seed", command, "--store", scratch.store, "--log-level", "trace"] + form,
                    input: Self.phrase
                )
                #expect(result.code == 0)
                for secret in [words, Self.hex, "W7XOsWjkyOJqGhbt", "BETWXCB8WK4E4TGT"] {
                    #expect(!result.output.contains(secret) && !result.errors.contains(secret))
                }
            }
        }
    }

    @Test("The list of exit codes has every one that is used") func exitCodes() async throws {
        let result = try await Program.run(["help", "exit-codes"])
        #expect(result.code == 0)
        for code in Set(ExitCodes.table.values) { #expect(result.output.contains("\n  \(code)  "), "\(code)") }
        let page = try #require(try ManualPage.all(of: EasySetupCommand.self).first)
        for code in Set(ExitCodes.table.values) { #expect(page.text.contains("\n  \(code)  "), "\(code)") }
    }

    @Test("The help begins with an example, has every command, and fits a window of 24 lines") func help() async throws
    {
        let help = EasySetupCommand.helpMessage(columns: 80)
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 24 && lines.allSatisfy { $0.count <= 80 }, "\(help)")
        #expect(lines.prefix(4).contains { $0.contains("easysetup relay --listen") })
        for command in EasySetupCommand.configuration.subcommands where command.configuration.shouldDisplay {
            let name = try #require(command.configuration.commandName)
            #expect(lines.contains { $0.hasPrefix("  \(name) ") }, "\(name)")
        }
        for words in ["help exit-codes", "man easysetup", "--generate-completion-script"] {
            #expect(help.contains(words), "\(words)")
        }
        #expect(try await Program.run(["--help"]).output == help)
    }

    @Test("A running process has no core dumps, and other processes of its user can't look into it") func hardened()
        async throws
    {
        let process = Child()
        let input = Pipe()
        process.executableURL = URL(filePath: Program.path)
        process.arguments = ["seed", "import", "--store", scratch.store]
        process.standardInput = .pipe(input)
        process.standardOutput = .null
        process.standardError = .null
        try process.run()
        defer {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        // The process waits for its input. It lowers its limits soon after its start, so the test reads them until they
        // are lower.
        var limits = ""
        while process.isRunning, !limits.contains(#/Max core file size +0 +0 /#) {
            limits = try String(contentsOfFile: "/proc/\(process.processIdentifier)/limits", encoding: .utf8)
            await Task.yield()
        }
        #expect(process.isRunning)
    }

    @Test("Without --json, --reveal numbers the words and draws a QR code") func people() async throws {
        let result = try await seed("inspect", "--reveal", input: Self.hex)
        #expect(result.output.contains(" 1. forum") && result.output.contains("24. learn"))
        #expect(result.output.contains("█▀▀▀▀▀█"))
    }

    @Test("A printed recovery sheet has a QR code that is read from paper") func paper() async throws {
        let result = try await seed("inspect", "--reveal", input: Self.hex)
        let text = try await Picture.text(of: result.output.split(separator: "\n").map(String.init), in: scratch)
        #expect(text.hasPrefix("easysetup-seed:1/BETWXCB8WK4E4TGT"))
    }
}
