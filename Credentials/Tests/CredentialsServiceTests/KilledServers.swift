import Foundation
import TestSupport
import Testing

/// A relay, the service and a store that a test ends by `kill -9` and starts again, and devices as folders.
struct KilledServers {
    let scratch = ScratchFolder()
    let store: LiveStore
    let service: LocalService
    private let relayOptions: [String]
    private let relayPort: Int
    private var relay: Running

    init() async throws {
        store = try await .own()
        service = try await LocalService(store, scratch)
        relayOptions = ["--key-file", scratch.path + "/relay.key"]
        (relay, relayPort) = try await Program.relay(relayOptions)
    }

    /// Ends the relay by `kill -9`, and starts it again at the same port with the same key.
    private mutating func crashRelay() async throws {
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

    /// The folder of a device's seed or membership.
    func folder(_ device: String) -> String { scratch.path + "/" + device }

    /// The arguments of a command of the chain on a device.
    func arguments(_ device: String, _ words: [String]) -> [String] {
        ["chain"] + words + ["--store", folder(device), "--name", device, "--service", service.url]
    }

    /// Runs a command of the chain, without the credentials of earlier ones, so that all servers are needed.
    func chain(_ device: String, _ words: String..., input: String = "") async throws -> Program.Result {
        try await run(device, words, input)
    }

    /// Runs a command in the same way, and returns the name of the error with which it ended; nil if it did not fail.
    func error(_ device: String, _ words: String..., input: String = "") async throws -> String? {
        let result = try await run(device, words + ["--json"], input)
        return result.code == 0 ? nil : try result.json()["error"] as? String
    }

    private func run(_ device: String, _ words: [String], _ input: String) async throws -> Program.Result {
        try? FileManager.default.removeItem(atPath: folder(device) + "/chain.session")
        return try await Program.run(arguments(device, words), input: input)
    }

    /// Pairs two devices; the relay is killed when the code is shown.
    /// - Parameter gift: the options of the device that gives; none for the seed.
    /// - Returns: the event of the end on the second device.
    @discardableResult mutating func pair(
        _ first: String,
        _ second: String,
        _ gift: [String] = []
    ) async throws -> [String: Any] {
        let place = ["--relay", "ws://127.0.0.1:\(relayPort)", "--json"]
        let offer = try Running(["offer", "--store", folder(first), "--yes"] + gift + place)
        let code = try #require(try await offer.event("offered")["code"] as? String)
        try await crashRelay()
        let join = try Running(["join", code, "--store", folder(second)] + place)
        let paired = try await join.event("paired")
        #expect(await offer.end() == 0)
        #expect(await join.end() == 0)
        return paired
    }

    /// Pairs two devices, of which the second one gets some collections and not the seed.
    mutating func pair(_ first: String, _ second: String, only names: String) async throws {
        let paired = try await pair(first, second, ["--only", names, "--service", service.url])
        #expect(paired["collections"] as? [String] == names.split(separator: ",").map(String.init))
    }
}
