import Foundation
import TestSupport
import Testing

/// The programs as a person has them: a relay, the service, a store, and `easysetup` as two devices. The service is killed
/// between any two steps.
@Suite(
    "Devices as processes, over a relay, the service and a real store",
    .enabled(if: StoreTools.weed != nil, StoreTools.hint),
    .timeLimit(.minutes(30))
)
struct ChainProcessTests {
    private let scratch = ScratchFolder()

    private func store(_ device: String) -> String { scratch.path + "/" + device }

    /// Runs a command of the chain on a device.
    private func chain(
        _ device: String,
        _ arguments: String...,
        input: String = "",
        at service: LocalService
    ) async throws -> Program.Result {
        let options = ["--store", store(device), "--name", device, "--service", service.url]
        return try await Program.run(["chain"] + arguments + options, input: input)
    }

    /// Pairs two devices by a typed code: the first one gives its seed.
    private func pair(_ first: String, _ second: String) async throws {
        let (relay, port) = try await Program.relay()
        defer { relay.stop() }
        let url = "ws://127.0.0.1:\(port)"
        let offer = try Running(["offer", "--relay", url, "--store", store(first), "--yes", "--json"])
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try Running(["join", code, "--relay", url, "--store", store(second), "--json"])
        _ = try await join.event("paired")
        #expect(await offer.end() == 0)
        #expect(await join.end() == 0)
    }

    /// Takes from a device the credentials that it keeps, so that its next command asks the service.
    private func forget(_ device: String) throws {
        try FileManager.default.removeItem(atPath: store(device) + "/chain.session")
    }

    @Test(
        "Two devices pair by a typed code and keep notes in step, and the service may be killed between any two steps"
    )
    func seedHolders() async throws {
        let service = try await LocalService(.shared(), scratch)
        _ = try await scratch.seed("laptop")
        try await pair("laptop", "phone")
        try await service.crash()
        #expect(try await chain("laptop", "put", "notes/1", input: "flour, water", at: service).code == 0)
        try await service.crash()
        let read = try await chain("phone", "get", "notes/1", at: service)
        #expect(read.code == 0 && read.output == "flour, water")
        let attributes = try FileManager.default.attributesOfItem(atPath: store("phone") + "/chain.session")
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
        try await service.crash()

        // Both write the same note at once: one of them wins, on both devices.
        try forget("laptop")
        async let one = chain("laptop", "put", "notes/1", input: "of the laptop", at: service)
        async let other = chain("phone", "put", "notes/1", input: "of the phone", at: service)
        #expect(try await one.code == 0)
        #expect(try await other.code == 0)
        try await service.crash()
        try forget("phone")
        let here = try await chain("laptop", "get", "notes/1", at: service)
        let there = try await chain("phone", "get", "notes/1", at: service)
        #expect(here.output == there.output && ["of the laptop", "of the phone"].contains(here.output))
        try await service.crash()

        #expect(try await chain("phone", "delete", "notes/1", "--yes", at: service).code == 0)
        try await service.crash()
        try forget("laptop")
        #expect(try await chain("laptop", "get", "notes/1", "--json", at: service).output.contains("object-missing"))
        let devices = try await chain("laptop", "devices", at: service)
        #expect(devices.output.contains("\"laptop\"") && devices.output.contains("\"phone\""))
        // A device that holds the seed can't be shut out.
        #expect(try await chain("laptop", "remove", "phone", "--yes", at: service).code != 0)
        #expect(try await chain("phone", "leave", "--yes", at: service).code == 0)
        try await service.crash()
        #expect(try await !chain("laptop", "devices", at: service).output.contains("\"phone\""))
        await service.end()
    }

    @Test("A deleted account is gone for each device, also when the service is killed at once")
    func deletedAccount() async throws {
        let service = try await LocalService(.shared(), scratch)
        let made = try await Program.run(["seed", "new", "--store", store("laptop"), "--json"])
        let user = try #require(try made.json()["user_id"] as? String)
        try await pair("laptop", "phone")
        for device in ["laptop", "phone"] {
            #expect(try await chain(device, "put", "notes/\(device)", input: device, at: service).code == 0)
        }
        let deletion = try await chain("laptop", "delete-account", "--user-id", user, at: service)
        #expect(deletion.code == 0, "\(deletion.errors)")
        try await service.crash()
        // The phone's credentials are good until they end, and there is nothing any more.
        let rest = try await chain("phone", "get", "notes/laptop", "--json", at: service)
        #expect(rest.output.contains("object-missing"), "\(rest.output)")
        try forget("phone")
        let refused = try await chain("phone", "get", "notes/laptop", "--json", at: service)
        #expect(refused.code != 0 && refused.output.contains("account-deleted"), "\(refused.output)")
        await service.end()
    }
}
