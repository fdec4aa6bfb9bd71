import EasySetup
import EasySetupChain
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The program gives some collections and not the seed", .inTurn, .timeLimit(.minutes(60))) struct GivingTests {
    let folder = ScratchFolder()

    private func store(_ name: String) -> FileSeedStore { FileSeedStore(folder: folder.path + "/" + name) }

    @Test("A device that joins by a code gets what the other user approved, and both are told") func offers()
        async throws
    {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(
            ["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"]
                + ["--only", "notes,bookmarks", "--read-only", "--until", "2099-12-31"]
        )
        defer { offer.stop() }
        let made = try await offer.event("membership-made")
        #expect(made["collections"] as? [String] == ["bookmarks", "notes"] && made["writable"] as? [String] == [])
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(["join", code, "--relay", url, "--store", folder.path + "/b", "--json"])
        defer { join.stop() }
        let peer = try await offer.event("peer")
        #expect(peer["collections"] as? [String] == ["bookmarks", "notes"])
        #expect(peer["writable"] as? [String] == [])
        #expect(peer["until"] as? String == "2099-12-31")
        _ = try await offer.event("question") { $0["question"] as? String == "approve" }
        offer.type("yes\n")
        let (here, there) = (try await offer.event("paired"), try await join.event("paired"))
        for paired in [here, there] {
            #expect(paired["collections"] as? [String] == ["bookmarks", "notes"])
            #expect(paired["until"] as? String == "2099-12-31")
        }
        #expect(here["user_id"] as? String == there["user_id"] as? String)
        #expect(await offer.end() == 0)
        #expect(await join.end() == 0)
        #expect(try await store("b").load() == nil)
        let membership = try #require(try await store("b").loadMembership())
        #expect(membership.userID.fingerprint == here["user_id"] as? String)
        #expect(membership.device.text == made["device"] as? String)
        try await memberCommands(url, try #require(here["user_id"] as? String))
    }

    /// The error of a device with a membership at the commands that need a seed.
    private func memberCommands(_ url: String, _ userID: String) async throws {
        let place = ["--store", folder.path + "/b"]
        let shown = try await Program.run(["seed", "show"] + place + ["--json"]).json()
        #expect(shown["event"] as? String == "membership")
        #expect(shown["user_id"] as? String == userID)
        let people = try await Program.run(["seed", "show"] + place)
        #expect(people.code == 0)
        #expect(people.lines.contains { $0.contains("bookmarks, notes \u{2014} read only, until 2099-12-31") })
        let cases: [([String], String)] = [
            (["seed", "show", "--reveal"], "membership-stored"), (["seed", "new"], "membership-stored"),
            (["offer", "--relay", url, "--new"], "membership-stored"), (["offer", "--relay", url], "no-seed-to-give"),
            (["offer", "--relay", url, "--only", "notes"], "no-seed-to-give"),
            (["join", "K7Q-29M-XAQ", "--relay", url, "--only", "notes"], "no-seed-to-give"),
        ]
        for (command, error) in cases {
            let result = try await Program.run(command + place + ["--json"])
            #expect(try result.json()["error"] as? String == error, "\(command)")
        }
        let removed = try await Program.run(["seed", "remove", "--user-id", userID] + place + ["--json"])
        #expect(removed.code == 0)
        #expect(try removed.json()["copy"] == nil)
        #expect(try await store("b").content() == nil)
    }

    @Test("A device that shows the code gets what the user who types it gives, and keeps it after a yes")
    func visits() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        _ = try await folder.seed("phone")
        let offer = try Running(["offer", "--relay", url, "--store", folder.path + "/tv", "--receive", "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(
            ["join", code, "--relay", url, "--store", folder.path + "/phone", "--only", "notes", "--json"]
        )
        defer { join.stop() }
        let words = try #require(try await offer.event("peer")["words"] as? String).split(separator: " ")
        _ = try await join.event("question") { $0["question"] as? String == "word" }
        join.type("\(words[1])\n")
        let question = try await offer.event("question") { $0["question"] as? String == "accept" }
        #expect(question["collections"] as? [String] == ["notes"] && question["writable"] as? [String] == ["notes"])
        #expect(question["until"] is NSNull)
        offer.type("yes\n")
        #expect(try await offer.event("paired")["collections"] as? [String] == ["notes"])
        #expect(await join.end() == 0)
        #expect(try await store("tv").loadMembership()?.rights.count == 1)
    }

    @Test("A device with a membership gets the seed by the link of another pairing") func upgrade() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let a = try await folder.seed("a")
        for only in [["--only", "notes"], []] {
            let offer = try Running(["offer", "--relay", url, "--store", a, "--yes", "--json"] + only)
            defer { offer.stop() }
            let link = try #require(try await offer.event("offered")["link"] as? String)
            let join = try await Program.run(["join", link, "--store", folder.path + "/b", "--yes", "--json"])
            #expect(join.code == 0)
            #expect(await offer.end() == 0)
            #expect(try await store("b").content() == (only.isEmpty ? .seed : .membership))
        }
    }

    /// Options that can't be followed, each with the error.
    static let refusals: [([String], String)] = {
        let many: String = (1...30).map { "c\($0)" }.joined(separator: ",")
        var refusals: [([String], String)] = [
            (["--read-only"], "usage"), (["--until", "2099-12-31"], "usage"), (["--new-chain"], "usage"),
            (["--only", many], "membership-too-large"),
        ]
        for names in ["", "notes,", "Notes", "easysetup/devices", "notes,notes"] {
            refusals.append((["--only", names], "usage"))
        }
        for day in ["tomorrow", "2099-02-29", "2020-01-01"] {
            refusals.append((["--only", "notes", "--until", day], "usage"))
        }
        return refusals
    }()

    @Test("What can't be given is refused before anything is sent", arguments: refusals)
    func refused(options: [String], error: String) async throws {
        let place = ["--store", try await folder.seed("a"), "--relay", "ws://127.0.0.1:9", "--json", "--yes"]
        for command in [["offer"], ["join", "K7Q-29M-XAQ"]] {
            let result = try await Program.run(command + place + options)
            #expect(result.code == 64)
            #expect(try result.json()["error"] as? String == error, "\(command + options)")
        }
    }

    @Test("A device can't give and receive at once") func directions() async throws {
        let result = try await Program.run(
            ["offer", "--store", folder.store, "--relay", "ws://127.0.0.1:9", "--json", "--receive", "--only", "notes"]
        )
        #expect(try result.json()["error"] as? String == "usage")
    }
}
