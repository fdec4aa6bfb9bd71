import Foundation
import TestSupport
import Testing

/// The programs as a person has them, where a device was given some collections over a relay, and relay, service and store
/// are killed between any two steps.
@Suite(
    "A device without the seed as a process, over a relay, a service and a store that are killed",
    .enabled(if: StoreTools.weed != nil, StoreTools.hint),
    .timeLimit(.minutes(30))
)
struct ChainMemberTests {
    @Test("A member writes, meets a conflict, asks, is granted and leaves, and no death of a server loses anything")
    func rights() async throws {
        var servers = try await KilledServers()
        _ = try await servers.scratch.seed("laptop")
        #expect(try await servers.chain("laptop", "put", "notes/1", input: "flour, water").code == 0)
        #expect(try await servers.chain("laptop", "put", "bookmarks/1", input: "https://a.example").code == 0)
        try await servers.crash()
        try await servers.pair("laptop", "tablet", only: "notes")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "get", "notes/1").output == "flour, water")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "put", "notes/2", input: "of the tablet").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "get", "notes/2").output == "of the tablet")
        #expect(try await servers.chain("laptop", "devices").lines.count == 2)

        // Both write the same note at once: one of them wins, on both devices.
        let both = servers
        async let one = both.chain("laptop", "put", "notes/1", input: "from the laptop")
        async let other = both.chain("tablet", "put", "notes/1", input: "from the tablet")
        #expect(try await one.code == 0)
        #expect(try await other.code == 0)
        try await servers.crash()
        let here = try await servers.chain("laptop", "get", "notes/1").output
        try await servers.crash()
        let there = try await servers.chain("tablet", "get", "notes/1").output
        #expect(here == there && ["from the laptop", "from the tablet"].contains(here))

        // It has no right in another collection until it is granted one, and then that one alone.
        #expect(try await servers.error("tablet", "get", "bookmarks/1") == "not-held")
        #expect(try await servers.chain("tablet", "requests", "--ask", "bookmarks", "--reason", "to read").code == 0)
        try await servers.crash()
        let asked = try await servers.chain("laptop", "requests", "--json").json()
        #expect(asked["collection"] as? String == "bookmarks" && asked["may_write"] as? Bool == false)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "requests", "--grant", "tablet/bookmarks").code == 0)
        try await servers.crash()
        let granted = try await servers.chain("tablet", "requests", "--json").json()
        #expect((granted["collections"] as? [String])?.contains("bookmarks") == true, "\(granted)")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "get", "bookmarks/1").output == "https://a.example")
        #expect(try await servers.error("tablet", "put", "bookmarks/2", input: "x") == "not-held")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "requests", "--ask", "bookmarks", "--write").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "requests", "--decline", "tablet/bookmarks").code == 0)
        try await servers.crash()
        let declined = try await servers.chain("tablet", "requests", "--json").json()
        #expect(declined["declined"] as? Bool == true, "\(declined)")
        #expect(try await servers.error("tablet", "put", "bookmarks/2", input: "x") == "not-held")
        #expect(try await servers.chain("laptop", "list", "bookmarks").lines.count == 1)

        // When it has left, the service knows, before a device with the seed looks.
        #expect(try await servers.chain("tablet", "leave", "--yes").code == 0)
        try await servers.crash()
        #expect(try await servers.error("tablet", "list", "notes") == "device-removed")
        #expect(try await servers.chain("laptop", "devices").output.contains("has left"))
        await servers.end()
    }

    @Test("A member is paired anew after a renewal, and reads nothing that is written after its removal")
    func renewalAndRemoval() async throws {
        var servers = try await KilledServers()
        _ = try await servers.scratch.seed("laptop")
        #expect(try await servers.chain("laptop", "put", "notes/1", input: "kept").code == 0)
        try await servers.pair("laptop", "tablet", only: "notes")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "put", "notes/2", input: "of the tablet").code == 0)
        try await servers.crash()
        let renewed = try await servers.chain("laptop", "renew", "--yes", "--json").json()
        #expect(renewed["objects"] as? Int == 2 && renewed["devices"] as? [String] == ["tablet"], "\(renewed)")
        try await servers.crash()
        #expect(try await servers.chain("laptop", "put", "notes/3", input: "new").code == 0)
        try await servers.crash()
        // The old chain is there until it is deleted, and has nothing of the new one.
        #expect(try await servers.chain("tablet", "list", "notes").lines.count == 2)
        let place = ["--store", servers.folder("tablet")]
        let old = try await Program.run(["seed", "show", "--json"] + place).json()
        let user = try #require(old["user_id"] as? String)
        #expect(try await Program.run(["seed", "remove", "--user-id", user] + place).code == 0)
        try await servers.pair("laptop", "tablet", only: "notes")
        try await servers.crash()
        #expect(try await servers.chain("tablet", "get", "notes/2").output == "of the tablet")
        #expect(try await servers.chain("tablet", "get", "notes/3").output == "new")
        try await servers.crash()

        // The credentials that it has count until they end, so the new key alone keeps it out.
        let file = URL(filePath: servers.folder("tablet") + "/chain.session")
        let session = try Data(contentsOf: file)
        #expect(try await servers.chain("laptop", "remove", "tablet", "--yes").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "put", "notes/4", input: "after the removal").code == 0)
        try await servers.crash()
        #expect(try await servers.error("tablet", "get", "notes/4") == "device-removed")
        // The service's word takes the credentials away, and no keys.
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(try await Program.run(["seed", "show", "--json"] + place).json()["event"] as? String == "membership")
        try session.write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        let left = try await Program.run(servers.arguments("tablet", ["list", "notes"]))
        #expect(left.lines.count == 3 && !left.output.contains("after the removal"), "\(left.output) \(left.errors)")
        #expect(try await servers.chain("laptop", "list", "notes").lines.count == 4)
        #expect(try await servers.chain("laptop", "devices").lines.count == 1)
        await servers.end()
    }
}
