import EasySetup
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// A device on which no seed is stored does not guess what its user wants.
@Suite("Offering without a seed", .inTurn, .timeLimit(.minutes(60))) struct FirstSeedTests {
    let folder = ScratchFolder()
    private let nowhere = "ws://127.0.0.1:9"

    private var hasSeed: Bool { FileManager.default.fileExists(atPath: folder.store + "/seed") }

    @Test("Where nobody can be asked, the error names both ways, and nothing is made", arguments: [["--json"], []])
    func nobody(form: [String]) async throws {
        for more in [[], ["--yes"]] {
            let result = try await Program.run(["offer", "--relay", nowhere, "--store", folder.store] + more + form)
            #expect(result.code == 66)
            let told = result.output + result.errors
            #expect(told.contains("--new") && told.contains("--receive"))
            #expect(!hasSeed)
        }
    }

    @Test("A program is asked by an event, and its answer counts as a user's") func events() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        for (answer, isNew) in [("new", true), (" RECEIVE ", false)] {
            let store = folder.path + "/" + (isNew ? "first" : "second")
            let offer = try Running(["offer", "--relay", url, "--store", store, "--json"])
            defer { offer.stop() }
            let question = try await offer.event("question")
            #expect(question["question"] as? String == "seed" && question["answer"] as? String == "new-or-receive")
            offer.type("?\nboth\n\(answer)\n")
            let again = try await offer.event("question") { $0["attempt"] as? Int == 2 }
            #expect((again["note"] as? String)?.contains("new, or receive") == true)
            let offered = try await offer.event("offered")
            // Only a device that gives a seed has a link.
            #expect(offered["link"] is NSNull == !isNew)
            if isNew {
                let created = try await offer.event("created")["user_id"] as? String
                let stored = try await FileSeedStore(folder: store).load()
                #expect(stored?.userID.fingerprint == created)
            }
            #expect(FileManager.default.fileExists(atPath: store + "/seed") == isNew)
        }
    }

    @Test("Neither word in three answers, no, and the end of the input make nothing") func unclear() async throws {
        for (input, code) in [("yes\n\nn e w\n", Int32(1)), ("no\n", 1), ("", 66)] {
            let offer = try Running(["offer", "--relay", nowhere, "--store", folder.store, "--json"])
            defer { offer.stop() }
            _ = try await offer.event("question")
            offer.type(input)
            if input.isEmpty { offer.endInput() }
            #expect(await offer.end() == code)
            #expect(!hasSeed)
        }
    }

    @Test("The options answer beforehand, and so do their variables") func options() async throws {
        let receive = ["offer", "--relay", nowhere, "--store", folder.store, "--json"]
        #expect(try await Program.run(receive + ["--receive"]).code == 20)
        #expect(!hasSeed)
        // The device would give the new seed, so somebody must be there to approve the other device.
        #expect(try await Program.run(receive + ["--new"]).code == 66)
        #expect(!hasSeed)
        // Nothing is stored before the relay has given a code.
        let unreached = try Running(receive + ["--yes"], variables: ["EASYSETUP_OFFER_NEW": "yes"])
        unreached.endInput()
        #expect(await unreached.end() == 20)
        #expect(!hasSeed)
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let new = try Running(
            ["offer", "--relay", url, "--store", folder.store, "--json", "--yes"],
            variables: ["EASYSETUP_OFFER_NEW": "yes"]
        )
        defer { new.stop() }
        _ = try await new.event("created")
        _ = try await new.event("offered")
        #expect(hasSeed)
        for option in ["--new", "--receive"] {
            let result = try await Program.run(receive + [option, "--yes"])
            #expect(result.code == 73 && result.output.contains("\"seed-stored\""))
        }
        #expect(try await Program.run(receive + ["--new", "--receive"]).code == 64)
    }

    @Test(
        "The setting that seals seeds holds for a seed that is made or received, and nothing plain is stored without it"
    )
    func sealed() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let nobody = ["offer", "--new", "--yes", "--relay", url, "--json", "--store", folder.store]
        for arguments in [nobody, ["join", "--relay", url, "--json", "--store", folder.store]] {
            let asked = try Running(arguments, variables: ["EASYSETUP_SEAL": "yes"])
            asked.endInput()
            #expect(await asked.end() == 66)
            #expect(!hasSeed)
        }
        let answer = { (terminal: Terminal) in
            try terminal.answer("New passphrase", with: "open sesame\r")
            try terminal.answer("Once more", with: "open sesame\r")
        }
        let unreached = try Terminal(
            ["offer", "--new", "--yes", "--relay", nowhere, "--store", folder.store],
            environment: ["EASYSETUP_SEAL": "yes"]
        )
        try answer(unreached)
        #expect(unreached.finish().code == 20)
        #expect(!hasSeed)
        let passphrase = try folder.file("passphrase", "open sesame\n")
        chmod(passphrase, 0o600)
        let made = try Running(nobody + ["--passphrase-file", passphrase], variables: ["EASYSETUP_SEAL": "yes"])
        defer { made.stop() }
        _ = try await made.event("created")
        #expect(try await FileSeedStore(folder: folder.store).kind() == .sealed)

        let holder = try await folder.seed("holder")
        let offer = try Running(["offer", "--yes", "--relay", url, "--store", holder, "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let joined = folder.path + "/joined"
        let join = try Terminal(["join", code, "--seal", "--relay", url, "--store", joined])
        try answer(join)
        #expect(join.finish().code == 0)
        #expect(try await FileSeedStore(folder: joined).kind() == .sealed)
        #expect(await offer.end() == 0)
    }

    @Test("A seed that can't be stored ends the offer with the reason, and no code is shown") func unstored()
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let question = try Running(["offer", "--relay", url, "--store", folder.store, "--json"])
        defer { question.stop() }
        _ = try await question.event("question")
        // Another program stores a seed while the question is open.
        let other = try await Program.run(["seed", "new", "--store", folder.store])
        #expect(other.code == 0)
        question.type("new\n")
        #expect(await question.end() == 73)
        let output = await question.output()
        #expect(output.contains("\"other-seed-stored\"") && !output.contains("\"offered\""), "\(output)")
    }

    @Test("On a terminal the question is answered by a word, and the code follows", arguments: [80, 40])
    func terminal(width: Int) async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try await Window(["offer", "--relay", url, "--store", folder.store], width: width, height: 20)
        defer { offer.stop() }
        try await offer.wait(for: "Type new")
        try await offer.enter("yes")
        try await offer.wait(for: "Type one of the two words in full")
        try await offer.enter("new")
        try await offer.wait(for: "new device")
        let shown = try await offer.wait(until: { TerminalPairingTests.code($0) != nil }, "a code")
        #expect(!shown.contains { $0.contains("Type new") })
        #expect(hasSeed)
        try await offer.press("C-c")
        #expect(try await offer.end().isTerminalAsBefore)
    }
}
