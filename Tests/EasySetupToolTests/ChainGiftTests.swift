import EasySetupChain
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite(
    "Giving some collections of a chain whose store is known",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: StoreTools.hasStore, StoreTools.hint)
)
struct ChainGiftTests {
    /// Pairs a device with the laptop, which gives it some collections.
    /// - Returns: the id that the laptop's user is told.
    @discardableResult private func pair(
        _ stage: ChainDeviceStage,
        _ name: String,
        _ options: [String]
    ) async throws -> String {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let place = ["--relay", url, "--store", stage.folder("laptop"), "--yes", "--json"]
        let offer = try Running(["offer"] + options + place, variables: stage.variables)
        defer { offer.stop() }
        let device = try #require(try await offer.event("membership-made")["device"] as? String)
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try await Program.run(["join", code, "--relay", url, "--store", stage.folder(name), "--json"])
        #expect(join.code == 0)
        #expect(await offer.end() == 0)
        return device
    }

    @Test("A device that is given a collection reads all of it and writes there at once, until it is removed")
    func gift() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        // A device was removed before, so the first key is not the newest one.
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        try await stage.addMember("old", of: ["notes": true])
        #expect(try await stage.run("old", ["get", "notes/1"]).output == "one")
        #expect(try await stage.run("laptop", ["remove", "old", "--yes"]).code == 0)
        #expect(try await stage.run("laptop", ["put", "notes/2"], input: "two").code == 0)

        let phone = try await pair(stage, "phone", ["--only", "notes"])
        // The new device reads before any device with the seed has looked at the store again.
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "one")
        #expect(try await stage.run("phone", ["get", "notes/2"]).output == "two")
        #expect(try await stage.run("phone", ["put", "notes/3"], input: "three").code == 0)
        #expect(try await stage.run("laptop", ["get", "notes/3"]).output == "three")
        #expect(try await stage.run("phone", ["put", "tasks/1"], input: "x").code != 0)

        let removal = ["chain", "remove", "--yes", "--store", stage.folder("laptop"), "--name", "laptop", "--", phone]
        #expect(try await Program.run(removal, variables: stage.variables).code == 0)
        #expect(try await stage.run("laptop", ["put", "notes/4"], input: "four").code == 0)
        let left = try await stage.run("phone", ["get", "notes/4"])
        #expect(left.code != 0 && !left.output.contains("four"))
        // The next run knows of the removal, whatever the store shows.
        let kept = stage.folder("laptop") + "/chain.memory"
        #expect(try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int == 0o600)
        let text = try String(contentsOfFile: kept, encoding: .utf8)
        #expect(text.contains(phone) && !text.contains("notes"))
    }

    @Test("A collection that is given before anything is in it is noted, so that removing the device changes its key")
    func empty() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        try await pair(stage, "phone", ["--only", "tasks", "--read-only"])
        #expect(try await stage.run("phone", ["list", "tasks"]).code == 0)
        #expect(try await stage.run("phone", ["put", "tasks/1"], input: "x").code != 0)
        #expect(try await stage.run("laptop", ["remove", "phone", "--yes"]).code == 0)
        #expect(try await stage.run("laptop", ["put", "tasks/1"], input: "secret").code == 0)
        #expect(try await stage.run("phone", ["get", "tasks/1"]).output.isEmpty)
    }

    @Test("A device that is in a chain gives first keys without a store only where its user says that the chain is new")
    func placeMissing() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let options = ["--only", "notes", "--relay", "ws://127.0.0.1:9", "--store", stage.folder("laptop"), "--json"]
        let commands = [["offer", "--yes"], ["join", "K7Q-29M-XAQ"]]
        // Nobody was in the chain yet: the first keys are the newest ones.
        for command in commands { _ = try await made(command + options) }
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        for command in commands {
            let refused = try await Program.run(command + options)
            #expect(refused.code == 78 && refused.lines.count == 1)
            #expect(try refused.json()["error"] as? String == "chain-place-missing")
            _ = try await made(command + options + ["--new-chain"])
        }
    }

    /// The membership that a command makes before it looks for its relay.
    private func made(_ command: [String]) async throws -> [String: Any] {
        let program = try Running(command)
        defer { program.stop() }
        return try await program.event("membership-made")
    }

    @Test("A device that was given a collection and has not joined is in the list, and is removed by its id")
    func neverJoined() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        try await pair(stage, "phone", ["--only", "notes", "--read-only", "--until", "2090-01-31"])
        let listed = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(listed.map { $0["event"] as? String } == ["device", "absent-device"])
        let absent = try #require(listed.last)
        let id = try #require(absent["device"] as? String)
        #expect(absent["collections"] as? [String] == ["notes"] && absent["writable"] as? [String] == [])
        #expect(absent["until"] as? String == "2090-01-31" && absent["left"] as? Bool == false)
        let shown = try await stage.run("laptop", ["devices"]).output
        #expect(shown.contains("holds notes \u{2014} read only, until 2090-01-31  has not joined  \(id)"))
        let removed = try await stage.run("laptop", ["remove", String(id.prefix(6)), "--yes"])
        #expect(removed.code == 0 && removed.output.contains("\(id) is shut out."), "\(removed.output)")
        #expect(try await stage.run("laptop", ["put", "notes/2"], input: "two").code == 0)
        #expect(try await stage.run("phone", ["get", "notes/2"]).output.isEmpty)
        // Again by the whole id, and not by a part of it.
        #expect(try await stage.run("laptop", ["remove", id, "--yes"]).code == 0)
        let unknown = try await stage.run("laptop", ["remove", String(id.prefix(6)), "--yes", "--json"])
        #expect(try unknown.json()["error"] as? String == "device-unknown")
        #expect(try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"])).count == 1)
    }

    @Test("An offer that its user stops before anybody has joined leaves no device in the list")
    func stopped() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let place = ["--relay", url, "--store", stage.folder("laptop"), "--yes", "--json"]
        let offer = try Running(["offer", "--only", "notes"] + place, variables: stage.variables)
        defer { offer.stop() }
        _ = try await offer.event("offered")
        // It has made the note by now.
        let during = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(during.map { $0["event"] as? String } == ["device", "absent-device"])
        offer.interrupt(SIGINT)
        #expect(await offer.end() != 0)
        let after = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(after.map { $0["event"] as? String } == ["device"])
    }

    @Test("A removed device that is given the seed later is another one in the chain")
    func seedAfterRemoval() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let member = try await stage.addMember("tablet", of: ["notes": true])
        #expect(try await stage.run("tablet", ["put", "notes/1"], input: "one").code == 0)
        #expect(try await stage.run("laptop", ["remove", "tablet", "--yes"]).code == 0)
        try FileManager.default.removeItem(atPath: stage.folder("tablet") + "/seed")
        try await stage.addDevice("tablet")
        #expect(try await stage.run("tablet", ["get", "notes/1"]).output == "one")
        let devices = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        let tablet = try #require(devices.first { $0["name"] as? String == "tablet" })
        #expect(tablet["tier"] as? Int == 1 && tablet["device"] as? String != member.device.text)
    }

    @Test("A device that is paired again, or is given the seed, ends the membership that it had")
    func formerSelf() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        let first = try await pair(stage, "phone", ["--only", "notes"])
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "one")
        let second = try await pair(stage, "phone", ["--only", "notes,tasks"])
        #expect(try await stage.run("phone", ["put", "tasks/1"], input: "task").code == 0)
        let listed = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(listed.compactMap { $0["name"] as? String } == ["laptop", "phone"])
        #expect(listed[1]["device"] as? String == second)
        #expect(listed.last?["device"] as? String == first && listed.last?["left"] as? Bool == true)
        // With the seed it shuts both out.
        try FileManager.default.removeItem(atPath: stage.folder("phone") + "/seed")
        try await stage.addDevice("phone")
        #expect(try await stage.run("phone", ["get", "tasks/1"]).output == "task")
        let later = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(later.map { $0["event"] as? String } == ["device", "device", "absent-device"])
        #expect(later[1]["tier"] as? Int == 1 && later[2]["device"] as? String == first)
    }

    @Test("A device with the seed is taken off the list, and one that is in no list is shut out by its whole id")
    func notListed() async throws {
        let stage = try await ChainDeviceStage()
        for name in ["laptop", "lost"] {
            try await stage.addDevice(name)
            #expect(try await stage.run(name, ["put", "notes/\(name)"], input: "one").code == 0)
        }
        let refused = try await stage.run("laptop", ["remove", "lost", "--yes", "--json"])
        #expect(try refused.json()["error"] as? String == "device-holds-seed")
        let gone = try await stage.run("laptop", ["remove", "lost", "--gone", "--yes", "--json"])
        #expect(try gone.json()["event"] as? String == "device-unlisted")
        #expect(try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"])).count == 1)
        let hidden = try Membership(
            device: .random(),
            deviceKeys: DeviceKeys.random(),
            collections: [CollectionName("notes"): false],
            seed: stage.seed
        )
        let chain = Chain(membership: hidden, store: try stage.s3())
        #expect(try await chain.get("lost", in: "notes") != nil)
        let wrong = try await stage.run("laptop", ["remove", "phone", "--unlisted", "--yes", "--json"])
        #expect(try wrong.json()["error"] as? String == "usage" && wrong.code == 64)
        let id = hidden.device.text
        func remove(_ more: [String]) async throws -> Program.Result {
            let words = ["chain", "remove", "--yes", "--json", "--store", stage.folder("laptop"), "--name", "laptop"]
            return try await Program.run(words + more + ["--", id], variables: stage.variables)
        }
        #expect(try await remove([]).json()["error"] as? String == "device-unknown")
        #expect(try await remove(["--unlisted"]).json()["device"] as? String == id)
        #expect(try await stage.run("laptop", ["put", "notes/2"], input: "two").code == 0)
        #expect(try await chain.get("2", in: "notes") == nil)
    }

    @Test("Where the store can't be reached, no code is shown") func storeAway() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let result = try await Program.run(
            [
                "offer", "--only", "notes", "--relay", "ws://127.0.0.1:9", "--store", stage.folder("laptop"), "--yes",
                "--json",
            ],
            variables: stage.variables.merging(["EASYSETUP_BUCKET": "\(stage.store.endpoint)/not-there"]) { $1 }
        )
        #expect(result.code != 0)
        #expect(try result.json()["error"] as? String == "bucket-missing")
    }
}
