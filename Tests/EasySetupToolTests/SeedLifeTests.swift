import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// A seed's life after it was stored: replaced, removed, restored, and its copies.
@Suite("The commands seed replace, remove, copies and restore", .inTurn) struct SeedLifeTests {
    let scratch = ScratchFolder()

    private func seed(_ arguments: String..., input: String = "") async throws -> Program.Result {
        try await Program.run(["seed"] + arguments, input: input)
    }

    private func json(_ arguments: String..., input: String = "") async throws -> [String: Any] {
        try await Program.run(["seed"] + arguments + ["--store", scratch.store, "--json"], input: input).json()
    }

    /// The kinds of the seed files in the store: 0 is plain, 1 sealed.
    private func kinds() throws -> [String: UInt8] {
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.store).filter { $0.hasPrefix("seed") }
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, try Data(contentsOf: URL(filePath: scratch.store + "/" + name))[9])
            }
        )
    }

    private func codeFile(_ code: String) throws -> String {
        let file = try scratch.file("code", code + "\n")
        #expect(chmod(file, 0o600) == 0)
        return file
    }

    @Test(
        "A seed that was removed by its user id is kept sealed, and its restore code brings it back, typed anyhow"
    )
    func removal() async throws {
        let userID = try #require(try await json("new")["user_id"] as? String)
        let removed = try await json("remove", "--user-id", String(userID.prefix(8)).uppercased())
        #expect(removed["event"] as? String == "removed" && removed["user_id"] as? String == userID)
        let copy = try #require(removed["copy"] as? String)
        let code = try #require(removed["restore_code"] as? String)
        let until = try #require(removed["kept_until"] as? String)
        #expect(code.wholeMatch(of: /([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}/) != nil)
        #expect(try kinds() == [URL(filePath: copy).lastPathComponent: 1])
        #expect(try await json("show")["error"] as? String == "no-seed-stored")
        let listed = try await json("copies")
        #expect(listed["copy"] as? String == copy && listed["kept_until"] as? String == until)
        #expect(listed["kind"] as? String == "sealed")
        let wrong = try codeFile("0000-0000-0000-0000-0000")
        #expect(try await json("restore", "--passphrase-file", wrong)["error"] as? String == "wrong-restore-code")
        let typed = try codeFile(" \(code.lowercased().replacing("-", with: " ").replacing("0", with: "o")) ")
        #expect(try await json("restore", "--passphrase-file", typed)["user_id"] as? String == userID)
        #expect(try kinds() == ["seed": 0], "the seed was stored without a passphrase, and is so again")
        #expect(try await seed("copies", "--store", scratch.store).lines == ["There are no copies."])
    }

    @Test("A sealed seed needs no restore code: its passphrase opens the copy") func sealedRemoval() async throws {
        let file = try codeFile("open sesame")
        let userID = try #require(try await json("new", "--passphrase-file", file)["user_id"] as? String)
        let removed = try await json("remove", "--passphrase-file", file, "--user-id", userID)
        #expect(removed["restore_code"] == nil)
        #expect(try await json("restore", "--passphrase-file", file)["user_id"] as? String == userID)
        #expect(try kinds() == ["seed": 1])
    }

    @Test("Nothing is removed for another user id, for too few digits, or where nobody can be asked")
    func refusals() async throws {
        let userID = try #require(try await json("new")["user_id"] as? String)
        let other = userID.hasPrefix("0") ? "1111" : "0000"
        for digits in [other, String(userID.prefix(3)), userID + "0", "", "no", "zzzz"] {
            let result = try await json("remove", "--user-id", digits)
            #expect(["fingerprint-differs", "usage"].contains(result["error"] as? String), "\(digits)")
        }
        let nobody = try await seed("remove", "--store", scratch.store, "--json")
        #expect(nobody.code == 66)
        #expect(try nobody.json()["error"] as? String == "nobody-to-ask")
        #expect((try nobody.json()["advice"] as? String)?.contains("--user-id") == true)
        #expect(try await json("show")["user_id"] as? String == userID)
        #expect(try await json("remove", "--user-id", userID, "--no-copy")["copy"] == nil)
        #expect(try kinds().isEmpty)
    }

    @Test("A replaced seed is kept sealed too, and several copies are told apart") func replacement() async throws {
        let first = try #require(try await json("new")["user_id"] as? String)
        let replaced = try await json("replace", "--yes", input: SeedCommandTests.hex)
        #expect(
            replaced["result"] as? String == "replaced" && replaced["user_id"] as? String == SeedCommandTests.userID
        )
        let code = try codeFile(try #require(replaced["restore_code"] as? String))
        let again = try await json("replace", "--yes", input: SeedCommandTests.otherHex)
        #expect(try kinds().filter { $0.value == 1 }.count == 2)
        #expect(again["copy"] as? String != replaced["copy"] as? String)
        let stored = try #require(again["user_id"] as? String)
        _ = try await json("remove", "--user-id", stored, "--no-copy")
        let unclear = try await json("restore", "--passphrase-file", code)
        #expect(unclear["error"] as? String == "several-copies")
        let none = try await json("restore", "--passphrase-file", code, "--user-id", "ffffffff00")
        #expect(none["error"] as? String == "no-copy")
        let restored = try await json("restore", "--passphrase-file", code, "--user-id", first)
        #expect(restored["user_id"] as? String == first)
        // The stored seed stays.
        let second = try codeFile(try #require(again["restore_code"] as? String))
        let clash = try await json("restore", "--passphrase-file", second)
        #expect(clash["error"] as? String == "other-seed-stored")
        #expect((clash["advice"] as? String)?.contains("easysetup seed replace") == true)
    }

    @Test("The next command that opens the store removes copies that are thirty days old, and says so")
    func expiry() async throws {
        _ = try await json("new")
        let replaced = try await json("replace", "--yes", input: SeedCommandTests.hex)
        let copy = try #require(replaced["copy"] as? String)
        for (days, isThere) in [(29.0, true), (31.0, false)] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -days * 86_400)],
                ofItemAtPath: copy
            )
            let shown = try await seed("show", "--store", scratch.store)
            #expect(shown.code == 0)
            #expect(FileManager.default.fileExists(atPath: copy) == isThere)
            #expect(shown.errors.contains("removed copies") == !isThere)
        }
    }

    @Test("On a terminal digits of the user id are asked for: wrong ones again, and no leaves the seed")
    func asked() async throws {
        let userID = try #require(try await json("new")["user_id"] as? String)
        for (answers, code, isThere) in [
            (["no"], 1, true), (["zzzz", "0000000000", "111111111"], 65, true),
            (["nonsense", String(userID.prefix(8)).uppercased()], 0, false),
        ] as [([String], Int32, Bool)] {
            let window = try await Window(["seed", "remove", "--store", scratch.store])
            defer { window.stop() }
            for (number, answer) in answers.enumerated() {
                try await window.wait(until: { lines in
                    lines.joined(separator: " ").split(separator: "at least the first 4 digits").count > number + 1
                })
                try await window.enter(answer)
            }
            #expect(try await window.end().code == code, "\(answers)")
            #expect(FileManager.default.fileExists(atPath: scratch.store + "/seed") == isThere, "\(answers)")
        }
    }
}
