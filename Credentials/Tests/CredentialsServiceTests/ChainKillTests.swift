import Foundation
import TestSupport
import Testing

/// The programs as a person has them, where relay, service and store are killed between any two steps of two devices with
/// one seed.
@Suite(
    "Devices with the seed as processes, over a relay, a service and a store that are killed",
    .enabled(if: StoreTools.weed != nil, StoreTools.hint),
    .timeLimit(.minutes(30))
)
struct ChainKillTests {
    @Test("Relay, service and store may be killed between any two steps, and nothing is lost")
    func betweenSteps() async throws {
        var servers = try await KilledServers()
        _ = try await servers.scratch.seed("laptop")
        try await servers.pair("laptop", "phone")
        try await servers.crash()
        #expect(try await servers.chain("laptop", "put", "notes/1", input: "flour, water").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("phone", "get", "notes/1").output == "flour, water")
        #expect(
            try await servers.chain("phone", "put", "notes/1", "--attribute", "title", input: "Bread").code == 0
        )
        try await servers.crash()
        let list = try await servers.chain("laptop", "list", "notes").output
        #expect(list == #"1  title: "Bread"  value: "flour, water""#)
        #expect(try await servers.chain("laptop", "put", "diary/1", input: "x").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("phone", "delete-collection", "diary", "--yes").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "list", "diary").output.isEmpty)
        #expect(try await servers.chain("phone", "delete", "notes/1", "--yes").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "get", "notes/1").code == 66)
        #expect(try await servers.chain("laptop", "put", "notes/2", input: "kept").code == 0)
        try await servers.crash()
        let renewed = try await servers.chain("laptop", "renew", "--yes", "--json").json()
        #expect(renewed["objects"] as? Int == 1 && renewed["devices"] as? [String] == ["phone"], "\(renewed)")
        try await servers.crash()
        #expect(try await servers.chain("laptop", "get", "notes/2").output == "kept")
        #expect(try await servers.chain("laptop", "devices").lines.count == 1)
        // The other device is paired anew, and has everything.
        try FileManager.default.removeItem(atPath: servers.folder("phone"))
        try await servers.pair("laptop", "phone")
        try await servers.crash()
        #expect(try await servers.chain("phone", "get", "notes/2").output == "kept")
        #expect(try await servers.chain("phone", "leave", "--yes").code == 0)
        try await servers.crash()
        #expect(try await servers.chain("laptop", "devices").lines.count == 1)
        await servers.end()
    }

    @Test("A watch goes on when the store was killed, and a write that waits for the store comes in")
    func underWay() async throws {
        let servers = try await KilledServers()
        _ = try await servers.scratch.seed("laptop")
        #expect(try await servers.chain("laptop", "put", "notes/1", input: "one").code == 0)
        let watch = try Running(servers.arguments("laptop", ["watch", "notes", "--every", "1", "--json"]))
        _ = try await watch.event("change")
        try await servers.store.crash()
        #expect(try await servers.chain("laptop", "put", "notes/1", input: "two").code == 0)
        _ = try await watch.event("change") { $0["is_new"] as? Bool == false }
        watch.interrupt()
        #expect(await watch.end() == 0)
        // Writes go on beside the store's end.
        let puts = try (2...5).map { try Running(servers.arguments("laptop", ["put", "notes/\($0)", "--json"])) }
        for put in puts {
            put.type("x")
            put.endInput()
        }
        try await servers.store.crash()
        for put in puts { #expect(await put.end() == 0) }
        #expect(try await servers.chain("laptop", "list", "notes").lines.count == 5)
        await servers.end()
    }
}
