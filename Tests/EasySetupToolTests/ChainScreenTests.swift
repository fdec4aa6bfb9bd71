import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite(
    "Questions and the demonstration of the chain",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: StoreTools.hasStore, StoreTools.hint)
)
struct ChainScreenTests {
    @Test("A deletion names what it takes away, and only a whole yes does it") func deletion() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "flour, water").code == 0)
        for (answer, code) in [("no", Int32(1)), ("yes", 0)] {
            let window = try await Window(
                ["chain", "delete", "notes/1", "--store", stage.folder("laptop"), "--name", "laptop"],
                environment: stage.variables
            )
            defer { window.stop() }
            try await window.wait(for: "no:")
            let text = try await window.lines().joined(separator: " ")
            #expect(text.contains("notes/1") && text.contains("flour, water"), "\(text)")
            try await window.enter(answer)
            #expect(try await window.end().code == code)
            #expect(try await stage.run("laptop", ["get", "notes/1"]).code == (code == 0 ? 66 : 0))
        }
    }

    @Test("A narrow terminal wraps what is said of a value that is no text, and Control-C ends the typing of a value")
    func narrow() async throws {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "\u{0}").code == 0)
        let options = ["--store", stage.folder("laptop"), "--name", "laptop"]
        let get = try await Window(["chain", "get", "notes/1"] + options, width: 34, environment: stage.variables)
        defer { get.stop() }
        #expect(try await get.end().code == 0)
        let lines = try await get.lines()
        #expect(lines.contains("(no text, 1 byte; a file or"), "\(lines)")
        let put = try await Window(["chain", "put", "notes/2"] + options, width: 34, environment: stage.variables)
        defer { put.stop() }
        try await put.wait(for: "Control-C stops")
        try await put.press("C-c")
        #expect(try await put.end().code == 1)
        #expect(try await put.lines().joined(separator: " ").contains("You stopped."))
        #expect(try await stage.run("laptop", ["get", "notes/2"]).code == 66)
    }

    @Test("A deletion of an account names its collections and devices, and a no leaves everything") func accountAsked()
        async throws
    {
        let stage = try await ChainDeviceStage()
        for device in ["laptop", "phone"] { try await stage.addDevice(device) }
        for device in ["laptop", "phone"] {
            #expect(try await stage.run(device, ["put", "of-\(device)/1"], input: "x").code == 0)
        }
        let window = try await Window(
            ["chain", "delete-account", "--store", stage.folder("laptop"), "--name", "laptop"],
            environment: stage.variables
        )
        defer { window.stop() }
        try await window.wait(for: "or no:")
        let text = try await window.lines().joined(separator: " ")
        #expect(text.contains("Collections: of-laptop, of-phone"), "\(text)")
        #expect(text.contains("\"laptop\"") && text.contains("\"phone\""), "\(text)")
        try await window.enter("no")
        #expect(try await window.end().code == 1)
        #expect(try await stage.run("phone", ["get", "of-laptop/1"]).output == "x")
    }

    @Test("An account is deleted for the first digits of its user id, and everything of it in the store") func account()
        async throws
    {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "x").code == 0)
        let digits = String(stage.seed.userID.fingerprint.prefix(8))
        let unasked = try await stage.run("laptop", ["delete-account", "--json"])
        #expect(try unasked.json()["error"] as? String == "nobody-to-ask")
        let wrong = try await stage.run("laptop", ["delete-account", "--user-id", "00000000", "--json"])
        #expect(try wrong.json()["error"] as? String == "fingerprint-differs")
        #expect(try await stage.run("laptop", ["get", "notes/1"]).output == "x")
        let done = try await stage.run("laptop", ["delete-account", "--user-id", digits, "--json"])
        #expect(try done.json()["event"] as? String == "account-deleted")
        #expect(try done.json()["names"] as? Int == 4)
        let again = try await stage.run("laptop", ["delete-account", "--user-id", digits, "--json"])
        #expect(try again.json()["names"] as? Int == 0)
        #expect(!FileManager.default.fileExists(atPath: stage.folder("laptop") + "/chain.device"))
    }

    @Test("The demonstration pairs two devices, which keep a note in step in a real store that ends with it")
    func demo() async throws {
        let scratch = ScratchFolder()
        let demo = try await Program.run(
            ["demo", "--chain", "--pairings", "1", "--json"],
            variables: ["TMPDIR": scratch.path]
        )
        #expect(demo.code == 0, "\(demo.output) \(demo.errors)")
        let events = try ChainDeviceStage.events(demo)
        let names = events.compactMap { $0["event"] as? String }
        #expect(names.prefix(2) == ["listening", "seed"] && names.suffix(1) == ["store-names"])
        #expect(events.compactMap { $0["step"] as? String } == ["put", "got", "merged", "deleted"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
        // A program that finds no SeaweedFS says how to get it.
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/easysetup",
            withDestinationPath: Program.path
        )
        let alone = try Running(
            ["demo", "--chain", "--pairings", "1", "--json"],
            of: scratch.path + "/easysetup",
            variables: ["PATH": "/usr/bin:/bin"]
        )
        alone.endInput()
        #expect(try await alone.event("failed")["error"] as? String == "demo-store-missing")
        #expect(await alone.end() == 66)
    }

    @Test("The demonstration uses the bucket that the call names, and leaves nothing there") func demoBucket()
        async throws
    {
        let stage = try await ChainDeviceStage()
        let variables = stage.variables.filter { $0.key != "EASYSETUP_BUCKET" }
        let demo = try await Program.run(
            ["demo", "--chain", "--pairings", "1", "--json", "--bucket", stage.bucket],
            variables: variables
        )
        let events = try ChainDeviceStage.events(demo)
        #expect(demo.code == 0 && events.last?["event"] as? String == "store-names", "\(demo.output)")
        #expect(!events.contains { $0["event"] as? String == "store-started" })
    }
}
