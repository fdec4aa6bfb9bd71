import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite(
    "The chain on the command line",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: StoreTools.hasStore, StoreTools.hint)
)
struct ChainCommandTests {
    @Test("What one device puts, another gets, lists and deletes") func twoDevices() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        let put = try await stage.run("laptop", ["put", "notes/1", "--json"], input: "flour, water")
        let events = try ChainDeviceStage.events(put)
        #expect(put.code == 0 && events.map { $0["event"] as? String } == ["joined", "put"])
        #expect(events.last?["bytes"] as? Int == 12)
        #expect(try await stage.run("phone", ["get", "notes/1"]).output == "flour, water")
        let title = ["put", "notes/1", "--attribute", "title"]
        #expect(try await stage.run("phone", title, input: "Bread").code == 0)
        let object = try await stage.run("laptop", ["get", "notes/1", "--json"]).json()
        #expect(ChainDeviceStage.text("title", object) == "Bread")
        #expect(ChainDeviceStage.text("value", object) == "flour, water")
        #expect(try await stage.run("laptop", ["list"]).output == "notes")
        #expect(
            try await stage.run("laptop", ["list", "notes"]).output == #"1  title: "Bread"  value: "flour, water""#
        )
        let devices = try ChainDeviceStage.events(try await stage.run("phone", ["devices", "--json"]))
        #expect(devices.map { $0["name"] as? String } == ["laptop", "phone"])
        #expect(devices.map { $0["is_this"] as? Bool } == [false, true])

        let delete = ["delete", "notes/1", "--yes", "--json"]
        #expect(try await stage.run("phone", delete).json()["was_there"] as? Bool == true)
        #expect(try await stage.run("phone", delete).json()["was_there"] as? Bool == false)
        let gone = try await stage.run("laptop", ["get", "notes/1", "--json"])
        #expect(try gone.json()["error"] as? String == "object-missing" && gone.code == 66)
        // The file with the device's id is this user's alone.
        let files = FileManager.default
        let mode = try files.attributesOfItem(atPath: stage.folder("phone") + "/chain.device")[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("A person has the objects in the store made fewer, and reads the same") func compact() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        #expect(try await stage.run("laptop", ["put", "notes/0"], input: "0").code == 0)
        let writer = Chain(seed: stage.seed, device: .random(), store: try stage.s3())
        for number in 1..<20 { try await writer.put("\(number)", in: "notes", ["value": Array("\(number)".utf8)]) }
        let before = try await stage.run("phone", ["list", "notes"]).output
        let first = try ChainDeviceStage.events(try await stage.run("laptop", ["compact", "--json"]))
        let own = ["easysetup/collections", "easysetup/devices", "easysetup/requests"]
        #expect(first.map { $0["collection"] as? String } == ["notes"] + own)
        #expect(first.map { $0["records"] as? Int } == [1, 0, 0, 0])
        // The snapshot is not in every listing yet, so nothing is deleted for it.
        #expect(first.map { $0["names"] as? Int } == [0, 0, 0, 0])
        let again = try await stage.run("laptop", ["compact", "notes"])
        #expect(again.output.isEmpty && again.errors.contains("nothing that could be fewer"), "\(again.errors)")
        for device in ["laptop", "phone"] {
            #expect(try await stage.run(device, ["list", "notes"]).output == before)
        }
        let wrong = try await stage.run("laptop", ["compact", "easysetup/devices", "--json"])
        #expect(try wrong.json()["error"] as? String == "collection-name")
    }

    @Test("A device brings a chain that another one has deleted back only where its user says so")
    func deleted() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        #expect(try await stage.run("phone", ["list"]).output == "notes")
        let user = stage.seed.userID.fingerprint
        for _ in 0..<2 {
            #expect(try await stage.run("laptop", ["delete-account", "--user-id", user]).code == 0)
        }
        for words in [["put", "notes/2"], ["list"], ["delete-collection", "notes", "--yes"]] {
            let refused = try await stage.run("phone", words + ["--json"], input: "two")
            #expect(try refused.json()["error"] as? String == "chain-missing" && refused.code == 66, "\(words)")
        }
        #expect(try await stage.run("phone", ["put", "notes/2", "--new-chain"], input: "two").code == 0)
        #expect(try await stage.run("laptop", ["get", "notes/2"]).output == "two")
        #expect(try await stage.run("phone", ["list", "notes"]).lines.count == 1)
    }

    @Test("All bytes of a value come back, and a terminal's commands do nothing in a list") func bytes() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let setting = stage.variables.map { "export \($0.key)='\($0.value)'" }.joined(separator: "\n")
        let result = try await Program.shell(
            """
            \(setting)
            cd '\(stage.scratch.path)'; export EASYSETUP_STORE=$PWD/laptop
            head -c 40000 /dev/urandom > random
            $ES chain put files/a < random && $ES chain get files/a > back && cmp random back || exit 1
            : | $ES chain put files/empty && $ES chain get files/empty > empty && test ! -s empty || exit 2
            printf '\\033[31mred\\n\\177"' | $ES chain put files/b && $ES chain get files/b > red || exit 3
            printf '\\033[31mred\\n\\177"' | cmp - red || exit 4
            $ES chain list files
            """
        )
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.hasSuffix("a  value: (40000 bytes)\nb  value: \"[31mred\"\nempty  value: \"\""))
        let event = try await stage.run("laptop", ["get", "files/a", "--json"]).json()
        let attributes = try #require(event["attributes"] as? [[String: Any]])
        #expect((attributes.first?["base64"] as? String).flatMap { Data(base64Encoded: $0) }?.count == 40_000)
    }

    @Test("A watch tells what is there, each change and a deletion, and Control-C ends it") func watch() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "one").code == 0)
        let watch = try stage.start("phone", ["watch", "notes", "--every", "1", "--json"])
        defer { watch.stop() }
        let first = try await watch.event("change")
        #expect(first["object"] as? String == "1" && first["is_new"] as? Bool == true)
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "two").code == 0)
        let changed = try await watch.event("change") { $0["is_new"] as? Bool == false }
        #expect(ChainDeviceStage.text("value", changed) == "two" && changed["changed"] as? [String] == ["value"])
        #expect(try await stage.run("laptop", ["delete", "notes/1", "--yes"]).code == 0)
        let deleted = try await watch.event("change") { $0["attributes"] is NSNull }
        #expect(deleted["object"] as? String == "1")
        watch.interrupt()
        #expect(await watch.end() == 0)
    }

    @Test("Two writes of one device at the same time are both there, and the device is one") func atOnce() async throws
    {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let running = try (1...4).map { try stage.start("laptop", ["put", "notes/\($0)", "--json"]) }
        for program in running {
            program.type("x")
            program.endInput()
        }
        for program in running { #expect(await program.end() == 0) }
        let list = try ChainDeviceStage.events(try await stage.run("laptop", ["list", "notes", "--json"]))
        #expect(list.map { $0["object"] as? String } == ["1", "2", "3", "4"])
        #expect(try await stage.run("laptop", ["devices"]).lines.count == 1)
    }

    @Test("A device that leaves is out of the list, and joins again as another one") func leaving() async throws {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        let nothing = try await stage.run("laptop", ["leave", "--yes", "--json"])
        #expect(try nothing.json()["was_there"] as? Bool == false)
        let first = try await stage.run("laptop", ["devices", "--json"]).json()["device"] as? String
        #expect(try await stage.run("laptop", ["leave", "--json"]).json()["error"] as? String == "nobody-to-ask")
        #expect(try await stage.run("laptop", ["leave", "--yes", "--json"]).json()["was_there"] as? Bool == true)
        let status = try ChainDeviceStage.events(try await stage.run("laptop", ["status", "--json"]))
        #expect(status.first?["device"] is NSNull && status.last?["devices"] as? Int == 0)
        let second = try await stage.run("laptop", ["devices", "--json"]).json()["device"] as? String
        #expect(first != nil && second != nil && first != second)
    }

    @Test("A device without the seed that is removed reads nothing that is written later") func removal() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "before").code == 0)
        let phone = DeviceID.random()
        let membership = try Membership(
            device: phone,
            deviceKeys: DeviceKeys.random(),
            collections: [CollectionName("notes"): true],
            seed: stage.seed
        )
        let s3 = try stage.s3()
        let chain = { Chain(membership: membership, store: s3) }
        try await chain().join(name: "phone", platform: "linux")
        #expect(try await chain().get("1", in: "notes")?["value"] == Array("before".utf8))
        let unknown = try await stage.run("laptop", ["remove", "tablet", "--yes", "--json"])
        #expect(try unknown.json()["error"] as? String == "device-unknown")
        let holder = try await stage.run("laptop", ["remove", "laptop", "--yes", "--json"])
        #expect(try holder.json()["error"] as? String == "device-holds-seed" && holder.code == 53)
        let unasked = try await stage.run("laptop", ["remove", "phone", "--json"])
        #expect(try unasked.json()["error"] as? String == "nobody-to-ask")
        let removed = try await stage.run("laptop", ["remove", "phone", "--yes", "--json"])
        #expect(try removed.json()["device"] as? String == phone.text)
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "after").code == 0)
        #expect(try await chain().get("1", in: "notes")?["value"] == Array("before".utf8))
        #expect(try await stage.run("laptop", ["devices"]).lines.count == 1)
        // The status of the removed device says that it lacks the key.
        try await FileSeedStore(folder: stage.folder("phone")).save(membership, replacing: false)
        let status = try ChainDeviceStage.events(try await stage.run("phone", ["status", "--json"]))
        let notes = try #require((status.last?["collections"] as? [[String: Any]])?.first)
        #expect(notes["left_out"] as? Bool == true)
        #expect((notes["unread"] as? [[String: Any]])?.first?["reason"] as? String == "key-missing")
        let told = try await stage.run("phone", ["status"]).output
        #expect(told.contains("notes: this device has not got the newest key"), "\(told)")
        #expect(told.contains("record (key-missing)") || told.contains("records (key-missing)"), "\(told)")
    }

    @Test("Status tells the chain, the place and what is there, and changes nothing") func status() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let before = try ChainDeviceStage.events(try await stage.run("laptop", ["status", "--json"]))
        #expect(before.map { $0["event"] as? String } == ["chain", "chain-store"])
        #expect(before[0]["user_id"] as? String == stage.seed.userID.fingerprint && before[0]["device"] is NSNull)
        #expect(before[1]["devices"] as? Int == 0)
        #expect(!FileManager.default.fileExists(atPath: stage.folder("laptop") + "/chain.device"))
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "x").code == 0)
        let after = try ChainDeviceStage.events(try await stage.run("laptop", ["status", "--json"]))
        #expect(after[0]["name"] as? String == "laptop" && after[1]["bucket"] as? String == stage.store.bucket)
        #expect(after[1]["devices"] as? Int == 1 && abs(after[1]["clock_difference"] as? Int ?? 99) < 60)
        let notes = try #require((after[1]["collections"] as? [[String: Any]])?.first)
        #expect(
            notes["objects"] as? Int == 1 && notes["generation"] as? Int == 1 && notes["left_out"] as? Bool == false
        )
        #expect((notes["unread"] as? [Any])?.isEmpty == true && notes["foreign_names"] as? Int == 0)
        #expect(notes["dropped"] as? Int == 0)
    }
}
