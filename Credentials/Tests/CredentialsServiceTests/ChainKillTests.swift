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
    /// The three servers.
    private struct Servers {
        let store: LiveStore
        let service: LocalService
        let relayOptions: [String]
        let relayPort: Int
        var relay: Running

        init(_ scratch: ScratchFolder) async throws {
            store = try await .own()
            service = try await LocalService(store, scratch)
            relayOptions = ["--key-file", scratch.path + "/relay.key"]
            (relay, relayPort) = try await Program.relay(relayOptions)
        }

        var relayURL: String { "ws://127.0.0.1:\(relayPort)" }

        /// Ends the relay by `kill -9`, and starts it again at the same port with the same key.
        mutating func crashRelay() async throws {
            relay.interrupt(SIGKILL)
            _ = await relay.end()
            (relay, _) = try await Program.relay(relayOptions, port: relayPort)
        }

        /// Ends all of them by `kill -9`, and starts them again.
        mutating func crash() async throws {
            try await crashRelay()
            try await store.crash()
            try await service.crash()
        }

        func end() async {
            await service.end()
            relay.stop()
            store.stop()
        }
    }

    private let scratch = ScratchFolder()

    private func folder(_ device: String) -> String { scratch.path + "/" + device }

    private func arguments(_ device: String, _ words: [String], _ servers: Servers) -> [String] {
        ["chain"] + words + ["--store", folder(device), "--name", device, "--service", servers.service.url]
    }

    /// Runs a command of the chain, without the credentials of earlier ones, so that all servers are needed.
    private func chain(
        _ device: String,
        _ words: String...,
        input: String = "",
        at servers: Servers
    ) async throws -> Program.Result {
        try? FileManager.default.removeItem(atPath: folder(device) + "/chain.session")
        return try await Program.run(arguments(device, words, servers), input: input)
    }

    /// Pairs two devices; the relay is killed when the code is shown.
    private func pair(_ first: String, _ second: String, _ servers: inout Servers) async throws {
        let offer = try Running(["offer", "--relay", servers.relayURL, "--store", folder(first), "--yes", "--json"])
        let code = try #require(try await offer.event("offered")["code"] as? String)
        try await servers.crashRelay()
        let join = try Running(["join", code, "--relay", servers.relayURL, "--store", folder(second), "--json"])
        _ = try await join.event("paired")
        #expect(await offer.end() == 0)
        #expect(await join.end() == 0)
    }

    @Test("Relay, service and store may be killed between any two steps, and nothing is lost")
    func betweenSteps() async throws {
        var servers = try await Servers(scratch)
        _ = try await scratch.seed("laptop")
        try await pair("laptop", "phone", &servers)
        try await servers.crash()
        #expect(try await chain("laptop", "put", "notes/1", input: "flour, water", at: servers).code == 0)
        try await servers.crash()
        #expect(try await chain("phone", "get", "notes/1", at: servers).output == "flour, water")
        #expect(
            try await chain("phone", "put", "notes/1", "--attribute", "title", input: "Bread", at: servers).code == 0
        )
        try await servers.crash()
        let list = try await chain("laptop", "list", "notes", at: servers).output
        #expect(list == #"1  title: "Bread"  value: "flour, water""#)
        #expect(try await chain("laptop", "put", "diary/1", input: "x", at: servers).code == 0)
        try await servers.crash()
        #expect(try await chain("phone", "delete-collection", "diary", "--yes", at: servers).code == 0)
        try await servers.crash()
        #expect(try await chain("laptop", "list", "diary", at: servers).output.isEmpty)
        #expect(try await chain("phone", "delete", "notes/1", "--yes", at: servers).code == 0)
        try await servers.crash()
        #expect(try await chain("laptop", "get", "notes/1", at: servers).code == 66)
        #expect(try await chain("laptop", "put", "notes/2", input: "kept", at: servers).code == 0)
        try await servers.crash()
        let renewed = try await chain("laptop", "renew", "--yes", "--json", at: servers).json()
        #expect(renewed["objects"] as? Int == 1 && renewed["devices"] as? [String] == ["phone"], "\(renewed)")
        try await servers.crash()
        #expect(try await chain("laptop", "get", "notes/2", at: servers).output == "kept")
        #expect(try await chain("laptop", "devices", at: servers).lines.count == 1)
        // The other device is paired anew, and has everything.
        try FileManager.default.removeItem(atPath: folder("phone"))
        try await pair("laptop", "phone", &servers)
        try await servers.crash()
        #expect(try await chain("phone", "get", "notes/2", at: servers).output == "kept")
        #expect(try await chain("phone", "leave", "--yes", at: servers).code == 0)
        try await servers.crash()
        #expect(try await chain("laptop", "devices", at: servers).lines.count == 1)
        await servers.end()
    }

    @Test("A watch goes on when the store was killed, and a write that waits for the store comes in")
    func underWay() async throws {
        let servers = try await Servers(scratch)
        _ = try await scratch.seed("laptop")
        #expect(try await chain("laptop", "put", "notes/1", input: "one", at: servers).code == 0)
        let watch = try Running(arguments("laptop", ["watch", "notes", "--every", "1", "--json"], servers))
        _ = try await watch.event("change")
        try await servers.store.crash()
        #expect(try await chain("laptop", "put", "notes/1", input: "two", at: servers).code == 0)
        _ = try await watch.event("change") { $0["is_new"] as? Bool == false }
        watch.interrupt()
        #expect(await watch.end() == 0)
        // Writes go on beside the store's end.
        let puts = try (2...5).map { try Running(arguments("laptop", ["put", "notes/\($0)", "--json"], servers)) }
        for put in puts {
            put.type("x")
            put.endInput()
        }
        try await servers.store.crash()
        for put in puts { #expect(await put.end() == 0) }
        #expect(try await chain("laptop", "list", "notes", at: servers).lines.count == 5)
        await servers.end()
    }
}
