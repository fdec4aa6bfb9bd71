import EasySetup
import EasySetupChain
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

extension SessionScript {
    /// The sessions that need a store for the chain.
    static let ofChains = [chain, chainDemonstration]

    private static let membershipOptions = "--only notes,bookmarks --until 2099-12-31"

    static let giveCollections = SessionScript(
        name: "give-collections",
        title: "Some collections in place of the seed"
    ) { stage in
        let laptop = try await stage.terminal("old laptop", home: try await stage.home("old laptop", hasSeed: true))
        let home = try await stage.home("new phone")
        let phone = try await stage.terminal("new phone", home: home)
        try await laptop.window.enter("easysetup offer \(membershipOptions)")
        let code = try await laptop.window.code()
        try stage.example(code: code)
        try await laptop.shows("It says what the code gives.") { $0.contains("lives for") }
        try await phone.window.enter("easysetup join")
        try await phone.window.wait(for: "___-___-___")
        try await phone.window.type(code.replacing("-", with: ""))
        try await laptop.shows("It names the collections in the question, too.") {
            $0.hasSuffix(">") && $0.contains("device in your")
        }
        try await phone.shows("The new device waits.") { $0.contains("look at the other device") }
        try await laptop.window.enter("yes")
        try await phone.window.wait(for: "Paired.")
        try await stage.exampleMember(home)
        try await laptop.shows("It says how the device is shut out later.") {
            $0.contains("Paired.") && $0.hasSuffix("$")
        }
        try await phone.shows("The new device says what it has.") { $0.contains("Paired.") && $0.hasSuffix("$") }
        try await phone.window.press("C-l")
        try await phone.window.enter("easysetup seed show")
        try await phone.shows("It has no seed.") { $0.contains("Device:") && $0.hasSuffix("$") }
    } piped: { stage in
        let laptop = try await stage.home("old laptop", hasSeed: true)
        let phone = try await stage.home("new phone")
        let line = "easysetup offer \(membershipOptions) --yes < /dev/null"
        let offer = try stage.pipe(line, home: laptop)
        let code = try await offer.code()
        try stage.example(code: code)
        let typed = "echo \(code) | easysetup join"
        let join = try stage.pipe(typed, home: phone)
        #expect(await join.end() == 0)
        try await stage.exampleMember(phone)
        await stage.record(typed, of: join, "new phone: It says what it has.")
        await stage.record(line, of: offer, "old laptop: It says how the device is shut out later.")
        try await stage.run("easysetup seed show < /dev/null", home: phone, "new phone: It has no seed.")
    }

    private static let chain = SessionScript(name: "chain", title: "A note on two devices with the same seed") {
        stage in
        let homes = try await stage.members(["old laptop", "new phone"])
        let laptop = try await stage.terminal("old laptop", home: homes[0])
        let phone = try await stage.terminal("new phone", home: homes[1])
        try await laptop.window.enter("echo 'flour, water, salt' | easysetup chain put notes/bread")
        try await laptop.window.wait(for: "now in the chain")
        try await stage.exampleMember(homes[0])
        try await laptop.shows("The first command joins the chain.") { $0.hasSuffix("$") }
        try await phone.window.enter("easysetup chain watch notes --every 1")
        try await phone.window.wait(for: "flour")
        try await stage.exampleMember(homes[1])
        try await laptop.window.press("C-l")
        try await laptop.window.enter("echo 'green, 80 degrees' | easysetup chain put notes/tea")
        try await phone.shows("It watches: each change comes by itself.") { $0.contains("green") }
        try await phone.window.press("C-c")
        try await laptop.window.enter("easysetup chain list notes")
        try await laptop.window.wait(for: "flour")
        try await laptop.window.enter("easysetup chain devices")
        try await laptop.shows("What is there, and who can read it.") {
            $0.contains("holds the seed") && $0.hasSuffix("$")
        }
        try await laptop.window.press("C-l")
        try await laptop.window.enter("easysetup chain delete notes/tea")
        try await laptop.shows("A deletion names what it takes away.") { $0.hasSuffix("no:") }
        try await laptop.window.enter("yes")
        try await laptop.window.wait(until: { $0.last { !$0.isEmpty } == "$" }, "the end of the deletion")
        try await laptop.window.press("C-l")
        try await laptop.window.enter("easysetup chain status")
        try await laptop.shows("The state of the chain.") { $0.contains("Clock:") && $0.hasSuffix("$") }
    } piped: { stage in
        let homes = try await stage.members(["old laptop", "new phone"])
        let (laptop, phone) = (homes[0], homes[1])
        let put = "echo 'flour, water, salt' | easysetup chain put notes/bread"
        try await stage.runFirst(put, home: laptop, "old laptop: The first command joins the chain.")
        try await stage.runFirst("easysetup chain list notes", home: phone, "new phone: It is there.")
        try await stage.run("easysetup chain get notes/bread", home: phone, "new phone: The value alone.")
        try await stage.run("easysetup chain devices", home: phone, "new phone: Who can read it.")
        try await stage.run("easysetup chain get notes/tea", home: phone, "new phone: What is not there.")
        let delete = "easysetup chain delete notes/bread"
        try await stage.run("\(delete) < /dev/null", home: phone, "new phone: Nobody can be asked.")
        try await stage.run("\(delete) --yes < /dev/null", home: phone, "new phone: An option answers.")
        try await stage.run("easysetup chain status", home: laptop, "old laptop: The state of the chain.")
    }

    private static let chainDemonstration = SessionScript(
        name: "demo-chain",
        title: "The demonstration of a chain, without its pairings"
    ) { stage in
        let laptop = try await stage.terminal("laptop", home: try await stage.home("laptop", isConfigured: false))
        try await laptop.window.enter(demonstration)
        try await laptop.window.wait(until: { $0.last { !$0.isEmpty } == "$" }, "the end of the demonstration")
        try stage.exampleStore(in: try await laptop.window.lines(isJoined: true).joined(separator: "\n"))
        try await laptop.shows("A store is started, and is gone when it ends.") { $0.hasSuffix("$") }
    } piped: { stage in
        let demo = try stage.pipe(demonstration, home: try await stage.home("laptop", isConfigured: false))
        #expect(await demo.end() == 0)
        try stage.exampleStore(in: await demo.output())
        await stage.record(demonstration, of: demo, "A store is started, and is gone when it ends.")
    }

    private static let demonstration = "easysetup demo --chain --pairings 1 2> /dev/null | tail -n 6"
}

extension SessionStage {
    /// Makes the homes of devices that hold a new seed, know the tests' store, and are in no chain yet. Sessions are played at
    /// the same time, so each has a chain of its own.
    func members(_ names: [String]) async throws -> [[String: String]] {
        let store = try await LiveStore.shared()
        try exampleStore(in: store.endpoint)
        let variables = [
            "EASYSETUP_BUCKET": "\(store.endpoint)/\(store.bucket)", "AWS_ACCESS_KEY_ID": store.admin.accessKey,
            "AWS_SECRET_ACCESS_KEY": store.admin.secret, "AWS_REGION": store.region,
        ]
        let seed = SyncSeed.random()
        try example(seed.userID.fingerprint, SeedCommandTests.userID)
        var homes: [[String: String]] = []
        for name in names {
            let home = try await home(name).merging(variables) { $1 }
            let program = try Running(["seed", "import"], variables: home)
            program.type(seed.base64.revealed() + "\n")
            program.endInput()
            #expect(await program.end() == 0)
            homes.append(home)
        }
        return homes
    }

    /// Replaces the address of a store in all that follows by an example.
    func exampleStore(in text: String) throws {
        let found = try #require(text.firstMatch(of: /http:\/\/(127\.0\.0\.1:[0-9]{5})/))
        try example(String(found.1), "127.0.0.1:18333")
    }

    /// Replaces the id that a device has in its chain by an example.
    /// - Parameter home: the device's home. It has a membership, or has joined the chain.
    func exampleMember(_ home: [String: String]) async throws {
        let folder = home["XDG_DATA_HOME"]! + "/easysetup"
        let store = FileSeedStore(folder: folder)
        let device: DeviceID
        switch try #require(try await store.access()) {
        case .membership(let membership): device = membership.device
        case .seed(let seed):
            device = try #require(try await ChainDeviceFile.find(Array(folder.utf8), of: seed.userID)).device
        }
        // An id that begins so is written in another way in commands, for which the lines have no room.
        guard !device.text.hasPrefix("-") else { throw Again() }
        memberCount += 1
        try example(device.text, "Device000\(memberCount)_")
    }

    /// A session has to be played once more, because something was drawn that is not what its record has.
    struct Again: Error {}

    /// Runs the first command that a device gives to its chain, and adds what it has written.
    func runFirst(_ line: String, home: [String: String], _ caption: String) async throws {
        let shell = try pipe(line, home: home)
        #expect(await shell.end() == 0)
        try await exampleMember(home)
        await record(line, of: shell, caption)
    }
}
