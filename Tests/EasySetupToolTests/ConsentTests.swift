import EasySetup
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// Where there is nobody to ask, a device sends no seed and stores none.
@Suite("Consent of the user", .inTurn, .timeLimit(.minutes(60))) struct ConsentTests {
    let folder = ScratchFolder()

    /// An address at which nothing listens. A program that connects there ends with another error than one that can't
    /// ask.
    private let nowhere = "ws://127.0.0.1:9"

    @Test("A seed is not offered where nobody can say yes", arguments: [["--json"], []]) func offer(form: [String])
        async throws
    {
        let store = try await folder.seed("a")
        let result = try await Program.run(["offer", "--relay", nowhere, "--store", store] + form)
        #expect(result.code == 66)
        #expect((result.output + result.errors).contains(form.isEmpty ? "-it" : "nobody-to-ask"))
        #expect((result.output + result.errors).contains("--yes"))
        // `--yes` is the answer in advance, so the program asks nobody and connects.
        let yes = try await Program.run(["offer", "--relay", nowhere, "--store", store, "--yes"] + form)
        #expect(yes.code == 20)
    }

    @Test("Without --json a pipe is no user, even one that stays open") func pipe() async throws {
        let store = try await folder.seed("a")
        let link = "easysetup+plain://127.0.0.1:9/1/K7Q#00000000000000000000000000"
        for arguments in [["offer", "--relay", nowhere, "--store", store], ["join", link, "--store", folder.store]] {
            let program = try Running(arguments)
            defer { program.stop() }
            #expect(await program.end() == 66)
        }
    }

    @Test("A seed in place of a code is reported as the secret that it is", arguments: [0, 1, 2], [true, false])
    func seedForCode(form: Int, isArgument: Bool) async throws {
        let phrase = SeedCommandTests.phrase
        let bytes = Array(phrase.utf8)
        let link = try SyncSeed.read(written: bytes.span.bytes).link.revealed()
        let text = [phrase, link, phrase.split(separator: " ").prefix(12).joined(separator: " ")][form]
        let arguments = ["join", "--relay", nowhere, "--store", folder.store, "--json"]
        let join = try Running(arguments + (isArgument ? [text] : []))
        defer { join.stop() }
        if !isArgument {
            _ = try await join.event("question")
            join.type(text + "\n")
        }
        #expect(try await join.event("failed")["error"] as? String == "seed-given")
        #expect(await join.end() == 65)
    }

    @Test(
        "A pipe that ends at the question for a code is no user, whatever came before its end",
        arguments: ["", "?\n", "help", "no such code\n", "K7Q"],
        [true, false]
    )
    func endAtTheCode(typed: String, isJSON: Bool) async throws {
        let join = try Running(
            ["join", "--relay", nowhere, "--store", folder.store] + (isJSON ? ["--json"] : [])
        )
        defer { join.stop() }
        if isJSON { _ = try await join.event("question") }
        join.type(typed)
        join.endInput()
        // With --json, the caller may answer again after a wrong answer. Without --json, the first answer counts.
        let isNoCode = typed.contains { $0.isUppercase } || typed.contains("such")
        let expected = isNoCode && !isJSON ? 10 : 66
        #expect(await join.end() == Int32(expected))
        if isJSON {
            #expect(try await join.event("failed")["error"] as? String == "nobody-to-ask")
        } else if !isNoCode {
            #expect(await join.errors().contains("nobody is there to answer"))
        }
    }

    @Test(
        "With --json a code or link may come in several lines, and an error says that each line is an answer",
        arguments: [
            ["easysetup+plain://127.0.0.1:9/1/K7Q#0000", "0000000000000000000000"],
            [
                "Hi, open this link:", "", "> easysetup+plain://127.0", "> .0.1:9/1/K7Q#00000000000000",
                "> 000000000000",
            ],
            ["K7Q-29M-", "XAQ"], ["> K7Q-", "> 29M-", "> XAQ"], ["the code:", "K7Q-29M-", "XAQ"],
            ["nothing", "K7Q-29M-", "K7Q-29M-XAQ"], ["K7Q-29M-", "XAB", "K7Q-29M-XAQ"],
        ]
    )
    func severalLines(lines: [String]) async throws {
        let isLink = lines.contains { $0.contains("plain") }
        let join = try Running(["join", "--relay", nowhere, "--store", folder.store, "--json"])
        defer { join.stop() }
        join.type(lines.joined(separator: "\n") + "\n")
        if isLink {
            _ = try await join.event("question") { $0["question"] as? String == "link" }
            join.type("no\n")
        }
        #expect(await join.end() == (isLink ? 1 : 20))
        let events = try await join.output().split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let questions = events.filter { $0["question"] as? String == "code" }
        try #require(questions.count == lines.count)
        var attempt = 1
        for (line, next) in zip(lines, questions.dropFirst()) {
            let isWrong = ["nothing", "XAB"].contains(line)
            if isWrong { attempt += 1 }
            #expect(next["attempt"] as? Int == attempt, "after \(line)")
            let note = try #require(next["note"] as? String)
            #expect(note.contains(isWrong ? CodeDraft.oneLine : CodeDraft.isBegun), "after \(line): \(note)")
        }
    }

    @Test(
        "A pipe that ends within a code or link is told of the code or link",
        arguments: ["K7Q-29M-\n", "easysetup://"]
    )
    func cutOff(text: String) async throws {
        for form in [["--json"], []] {
            let join = try Running(["join", "--relay", nowhere, "--store", folder.store] + form)
            defer { join.stop() }
            join.type(text)
            join.endInput()
            #expect(await join.end() == 10)
        }
    }

    @Test("A seed link at the question for a code is told as a secret, whole or not") func cutSeedLink() async throws {
        let join = try Running(["join", "--relay", nowhere, "--store", folder.store, "--json"])
        defer { join.stop() }
        _ = try await join.event("question")
        join.type("easysetup-seed:1/00CJGDT\n")
        #expect(try await join.event("failed")["error"] as? String == "seed-given")
        #expect(await join.end() == 65)
    }

    @Test("A link is not followed where nobody can say yes", arguments: [["--json"], []]) func link(form: [String])
        async throws
    {
        let link = "easysetup+plain://127.0.0.1:9/1/K7Q#00000000000000000000000000"
        let result = try await Program.run(["join", link, "--store", folder.store] + form)
        #expect(result.code == 66)
        #expect(!FileManager.default.fileExists(atPath: folder.store))
        let yes = try await Program.run(["join", link, "--store", folder.store, "--yes"] + form)
        #expect(yes.code == 20)
    }

    @Test(
        "With --json a link is asked about, and a line is the answer",
        arguments: [("yes", 20), ("no", 1), ("y\ny\ny", 1), ("?\nYES", 20)]
    )
    func linkQuestion(answer: String, code: Int32) async throws {
        let link = "easysetup+plain://127.0.0.1:9/1/K7Q#00000000000000000000000000"
        let join = try Running(["join", link, "--store", folder.store, "--json"])
        defer { join.stop() }
        let question = try await join.event("question")
        #expect(question["question"] as? String == "link")
        #expect(question["answer"] as? String == "yes-or-no")
        #expect(question["relay"] as? String == "127.0.0.1:9")
        join.type(answer + "\n")
        #expect(await join.end() == code)
    }

    @Test("A holder that types a code gives nothing where nobody can type the word") func holder() async throws {
        let store = try await folder.seed("a")
        let result = try await Program.run(["join", "K7Q-29M-XAQ", "--relay", nowhere, "--store", store, "--json"])
        #expect(try result.json()["error"] as? String == "nobody-to-ask")
    }

    @Test("A slip is asked about again, and the other device waits") func slip() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let (offer, join) = try await PairingCommandTests.devices(in: folder, at: url)
        defer { for device in [offer, join] { device.stop() } }
        _ = try await offer.event("question")
        offer.type("y\n")
        let again = try await offer.event("question") { $0["attempt"] as? Int == 2 }
        #expect((again["note"] as? String)?.contains("in full") == true)
        offer.type("yes\n")
        _ = try await join.event("paired")
        _ = try await offer.event("paired")
        #expect(await offer.end() == 0)
    }

    @Test("A pipe that ends at the question is no user, and the other device is told so") func ended() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let (offer, join) = try await PairingCommandTests.devices(in: folder, at: url)
        defer { for device in [offer, join] { device.stop() } }
        _ = try await offer.event("question")
        offer.endInput()
        #expect(try await offer.event("failed")["error"] as? String == "nobody-to-ask")
        #expect(try await join.event("failed")["error"] as? String == "nobody-asked")
        #expect(await offer.end() == 66)
    }

    @Test("A receiver that offers keeps nothing unasked", arguments: [true, false]) func receiver(saysYes: Bool)
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(
            ["offer", "--relay", url, "--store", folder.store, "--receive", "--json"] + (saysYes ? ["--yes"] : [])
        )
        defer { offer.stop() }
        offer.endInput()
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(["join", code, "--relay", url, "--store", try await folder.seed("a"), "--json"])
        defer { join.stop() }
        let words = try #require(try await offer.event("peer")["words"] as? String).split(separator: " ")
        // The user may type both words in place of one.
        join.type("\(words[0]) · \(words[1])\n")
        if saysYes {
            _ = try await offer.event("paired")
            _ = try await join.event("paired")
        } else {
            #expect(try await offer.event("failed")["error"] as? String == "nobody-to-ask")
            #expect(try await join.event("failed")["error"] as? String == "nobody-asked")
            #expect(!FileManager.default.fileExists(atPath: folder.store + "/seed"))
        }
    }

    @Test("Without --store and --relay the environment names them, or the home folder holds the store") func defaults()
        async throws
    {
        let home = folder.path + "/home"
        let new = try Running(
            ["-u", "EASYSETUP_STORE", "-u", "XDG_DATA_HOME", "HOME=\(home)", Program.path, "seed", "new", "--json"],
            of: "/usr/bin/env"
        )
        #expect(await new.end() == 0)
        let stored = try await FileSeedStore(folder: home + "/.local/share/easysetup").load()
        #expect(stored != nil)
        let attributes = try FileManager.default.attributesOfItem(atPath: home + "/.local/share")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let offer = try Running(
            [
                "EASYSETUP_STORE=\(home)/.local/share/easysetup", "EASYSETUP_RELAY=\(nowhere)", Program.path, "offer",
                "--yes",
            ],
            of: "/usr/bin/env"
        )
        #expect(await offer.end() == 20)
    }
}
