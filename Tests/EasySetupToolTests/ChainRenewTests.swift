import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite(
    "Renewing a chain, requests, and deleting a collection on the command line",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: StoreTools.hasStore, StoreTools.hint)
)
struct ChainRenewTests {
    @Test("A renewal carries everything into a new chain, and names the devices that have to be paired anew")
    func renewal() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        for number in 1...3 {
            #expect(try await stage.run("laptop", ["put", "notes/\(number)"], input: "note \(number)").code == 0)
        }
        #expect(try await stage.run("phone", ["devices"]).lines.count == 2)
        #expect(try await stage.run("laptop", ["renew", "--json"]).json()["error"] as? String == "nobody-to-ask")
        let renewed = try await stage.run("laptop", ["renew", "--yes", "--json"]).json()
        #expect(renewed["event"] as? String == "renewed" && renewed["objects"] as? Int == 3, "\(renewed)")
        #expect(renewed["devices"] as? [String] == ["phone"])
        #expect(renewed["restore_code"] is String && renewed["copy"] is String)
        let userID = try #require(renewed["user_id"] as? String)
        #expect(userID != stage.seed.userID.fingerprint)
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "new").code == 0)
        #expect(try await stage.run("laptop", ["get", "notes/2"]).output == "note 2")
        let status = try ChainDeviceStage.events(try await stage.run("laptop", ["status", "--json"]))
        #expect(status.first?["user_id"] as? String == userID && status.last?["devices"] as? Int == 1)
        // The device that was not paired anew has the old chain alone.
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "note 1")
        #expect(!FileManager.default.fileExists(atPath: stage.folder("laptop") + "/renewal/seed"))
    }

    @Test("A renewal that is killed after any step on the disk is ended by the next call, as one device of one chain")
    func killedAtEachStep() async throws {
        var (step, isDone, begun) = (0, false, 0)
        while !isDone, step < 30 {
            step += 1
            let stage = try await ChainDeviceStage()
            try await stage.addDevice("laptop")
            #expect(try await stage.run("laptop", ["put", "notes/1"], input: "x").code == 0)
            let renewal = try Running(
                [
                    "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2,unlink,unlinkat", "-e",
                    "inject=rename,renameat,renameat2,unlink,unlinkat:signal=SIGKILL:when=\(step)", Program.path,
                    "chain", "renew", "--yes", "--json", "--store", stage.folder("laptop"), "--name", "laptop",
                ],
                of: "/usr/bin/strace",
                variables: stage.variables
            )
            renewal.endInput()
            isDone = await renewal.end() == 0
            let folder = stage.folder("laptop") + "/renewal"
            let pending = try await Program.run(["seed", "show", "--store", folder, "--json"])
            let kept = pending.code == 0 ? try pending.json()["user_id"] as? String : nil
            // A person may use the chain before he renews again.
            if step % 2 == 0 {
                #expect(try await stage.run("laptop", ["get", "notes/1"]).output == "x", "step \(step)")
            }
            let again = try await stage.run("laptop", ["renew", "--yes", "--json"])
            #expect(try again.json()["event"] as? String == "renewed", "step \(step): \(again.output)")
            if let kept {
                begun += 1
                #expect(try again.json()["user_id"] as? String == kept, "step \(step): \(again.output)")
            }
            #expect(try again.json()["devices"] as? [String] == [], "step \(step): \(again.output)")
            #expect(try await stage.run("laptop", ["get", "notes/1"]).output == "x", "step \(step)")
            #expect(try await stage.run("laptop", ["devices"]).lines.count == 1, "step \(step)")
            #expect(!FileManager.default.fileExists(atPath: stage.folder("laptop") + "/renewal/seed"), "step \(step)")
        }
        #expect(isDone && step > 3 && begun > 1)
    }

    @Test("Requests of a device without the seed are listed, declined and granted") func requests() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "x").code == 0)
        try await stage.addMember("phone", of: ["notes": false])
        let ask = ["requests", "--ask", "bookmarks", "--write", "--json", "--reason"]
        let asked = try await stage.run("phone", ask + ["for the kitchen"]).json()
        #expect(asked["event"] as? String == "asked" && asked["may_write"] as? Bool == true)
        let request = try await stage.run("laptop", ["requests", "--json"]).json()
        #expect(request["name"] as? String == "phone" && request["collection"] as? String == "bookmarks")
        #expect(request["may_write"] as? Bool == true && request["reason"] as? String == "for the kitchen")
        let unknown = try await stage.run("laptop", ["requests", "--grant", "phone/history", "--json"])
        #expect(try unknown.json()["error"] as? String == "request-unknown")
        let declined = try await stage.run("laptop", ["requests", "--decline", "phone/bookmarks", "--json"])
        #expect(try declined.json()["granted"] as? Bool == false)
        #expect(try await stage.run("laptop", ["requests", "--json"]).output.isEmpty)
        // The device that asked sees that it was declined, and may ask again.
        #expect(try await stage.run("phone", ["requests", "--json"]).json()["declined"] as? Bool == true)
        #expect(try await stage.run("phone", ask + ["please"]).code == 0)
        let granted = try await stage.run("laptop", ["requests", "--grant", "phone/bookmarks", "--json"])
        #expect(try granted.json()["granted"] as? Bool == true)
        #expect(try await stage.run("phone", ["put", "bookmarks/1", "--json"], input: "x").code == 53)
        let taken = try ChainDeviceStage.events(try await stage.run("phone", ["requests", "--json"]))
        #expect(taken.first?["event"] as? String == "granted" && taken.count == 1, "\(taken)")
        #expect(try await stage.run("phone", ["put", "bookmarks/1"], input: "x").code == 0)
        // An answered request is open no more.
        let again = try await stage.run("laptop", ["requests", "--grant", "phone/bookmarks", "--json"])
        #expect(try again.json()["error"] as? String == "request-unknown")
        // A device with the seed asks for nothing.
        let refused = try await stage.run("laptop", ["requests", "--ask", "history", "--json"])
        #expect(try refused.json()["error"] as? String == "device-holds-seed" && refused.code == 53)
    }

    @Test("A device without the seed uses its collections and no others, and asks for more") func member() async throws
    {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        for note in ["notes/1", "diary/1"] {
            #expect(try await stage.run("laptop", ["put", note], input: "x").code == 0)
        }
        let membership = try await stage.addMember("phone", of: ["notes": true, "lists": false])
        #expect(try await stage.run("phone", ["put", "notes/2"], input: "from the phone").code == 0)
        #expect(try await stage.run("laptop", ["get", "notes/2"]).output == "from the phone")
        #expect(try await stage.run("phone", ["list"]).output == "lists  (only to read)\nnotes")
        for words in [
            ["get", "diary/1"], ["put", "lists/1"], ["renew", "--yes"], ["delete-account", "--user-id", "0000"],
        ] {
            let result = try await stage.run("phone", words + ["--json"])
            #expect(try result.json()["error"] as? String == "not-held" && result.code == 53, "\(words)")
        }
        let status = try ChainDeviceStage.events(try await stage.run("phone", ["status", "--json"]))
        #expect(status.first?["tier"] as? Int == 2 && status.first?["device"] as? String == membership.device.text)
        #expect(try await stage.run("phone", ["requests", "--ask", "diary", "--reason", "to read"]).code == 0)
        #expect(try await stage.run("laptop", ["requests", "--json"]).json()["collection"] as? String == "diary")
        #expect(try await stage.run("laptop", ["requests", "--grant", "phone/diary"]).code == 0)
        let granted = try ChainDeviceStage.events(try await stage.run("phone", ["requests", "--json"]))
        #expect(granted.first?["collections"] as? [String] == ["diary", "lists", "notes"])
        #expect(try await stage.run("phone", ["get", "diary/1"]).output == "x")
        #expect(try await stage.run("laptop", ["remove", "phone", "--yes"]).code == 0)
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "after").code == 0)
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "x")
    }

    @Test("A device without the seed leaves, and comes back as the same one") func leaving() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let membership = try await stage.addMember("phone", of: ["notes": true])
        #expect(try await stage.run("phone", ["put", "notes/1"], input: "x").code == 0)
        #expect(try await stage.run("phone", ["requests", "--ask", "diary"]).code == 0)
        let left = try await stage.run("phone", ["leave", "--yes"])
        #expect(left.code == 0 && left.output.contains("still holds a membership"), "\(left.output)")
        // It still has its membership, so that it can be removed.
        let gone = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        // The first command of the laptop has it join.
        #expect(gone.map { $0["event"] as? String } == ["joined", "device", "absent-device"])
        #expect(gone.last?["device"] as? String == membership.device.text)
        #expect(try await stage.run("laptop", ["requests", "--json"]).output.isEmpty)
        #expect(try await stage.run("phone", ["leave", "--yes", "--json"]).json()["was_there"] as? Bool == false)
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "x")
        let devices = try ChainDeviceStage.events(try await stage.run("laptop", ["devices", "--json"]))
        #expect(devices.contains { $0["device"] as? String == membership.device.text && $0["tier"] as? Int == 2 })
    }

    @Test("A collection that is deleted is empty on all devices, and its names are gone from the store")
    func collection()
        async throws
    {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        for number in 1...2 {
            #expect(try await stage.run("laptop", ["put", "notes/\(number)"], input: "x").code == 0)
        }
        let delete = ["delete-collection", "notes", "--yes", "--json"]
        let unasked = try await stage.run("laptop", ["delete-collection", "notes", "--json"])
        #expect(try unasked.json()["error"] as? String == "nobody-to-ask")
        let window = try await Window(
            ["chain", "delete-collection", "notes", "--store", stage.folder("laptop"), "--name", "laptop"],
            environment: stage.variables
        )
        defer { window.stop() }
        try await window.wait(for: "no:")
        #expect(try await window.lines().joined(separator: " ").contains("the collection notes with 2 objects"))
        try await window.enter("no")
        #expect(try await window.end().code == 1)
        let deleted = try await stage.run("laptop", delete).json()
        #expect(deleted["objects"] as? Int == 2 && deleted["names"] as? Int == 2, "\(deleted)")
        let rest = try ChainDeviceStage.events(try await stage.run("phone", ["list", "notes", "--json"]))
        #expect(rest.map { $0["event"] as? String } == ["joined"])
        #expect(try await stage.run("phone", delete).json()["objects"] as? Int == 0)
        #expect(
            try await stage.run("phone", ["delete-collection", "none", "--yes"]).output == "There is nothing in none."
        )
        #expect(try await stage.run("phone", ["put", "notes/3"], input: "y").code == 0)
        #expect(try await stage.run("laptop", ["get", "notes/3"]).output == "y")
    }
}
