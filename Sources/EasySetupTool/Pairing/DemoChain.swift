import EasySetupChain
import EasySetupSeed

/// The use that two paired devices make of their chain, shown step by step in a real store.
struct DemoChain {
    let output: Output
    /// The connections of the two devices to the store.
    let (laptopStore, phoneStore): (any ObjectStore, any ObjectStore)
    /// The seeds of the two devices, which the pairing has made the same.
    let (laptop, phone): (SyncSeed, SyncSeed)

    /// Runs the steps.
    func run() async throws {
        let old = Chain(seed: laptop, device: .random(), store: laptopStore)
        let new = Chain(seed: phone, device: .random(), store: phoneStore)
        try await old.join(name: "old laptop", platform: "linux")
        try await new.join(name: "new phone", platform: "android")

        try await old.put("1", in: "notes", ["value": Array("flour, water".utf8)])
        tell("put", "old laptop", "flour, water", "The old laptop puts notes/1: flour, water.")
        let read = try await value(new)
        tell("got", "new phone", read, "The new phone gets notes/1: \(read).")

        // Both change the object, and neither has read the other's change.
        try await new.update("1", in: "notes", ["value": Array("flour, water, salt".utf8)])
        try await old.update("1", in: "notes", ["title": Array("Bread".utf8)])
        let (first, second) = (try await old.get("1", in: "notes"), try await new.get("1", in: "notes"))
        guard let first, first == second, first.count == 2 else { throw CommandError.internal }
        let merged = try await value(old)
        tell(
            "merged",
            "both",
            merged,
            "The phone changes the value while the laptop adds a title. Both now have Bread: \(merged)."
        )

        try await new.delete("1", in: "notes")
        guard try await old.get("1", in: "notes") == nil else { throw CommandError.internal }
        tell("deleted", "new phone", nil, "The new phone deletes notes/1, and the old laptop no longer has it.")

        let count = try await names()
        output.event(
            "store-names",
            [("names", .integer(count))],
            people: "The store has \(count.counted("name")) for all that, and no word of it in any."
        )
    }

    /// The value of the object on a device.
    private func value(_ chain: Chain) async throws -> String {
        guard let bytes = try await chain.get("1", in: "notes")?["value"] else { throw CommandError.internal }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Looks through the names in the store.
    private func names() async throws -> Int {
        let prefix = RecordPlace.chainPrefix(of: laptop.userID)
        let page = try await laptopStore.list(prefix: prefix, after: nil, limit: 1_000)
        let words = ["notes", "flour", "Bread", "laptop", "phone"]
        guard !page.isTruncated, !page.entries.contains(where: { entry in words.contains(where: entry.name.contains) })
        else { throw CommandError.internal }
        return page.entries.count
    }

    private func tell(_ step: String, _ device: String, _ value: String?, _ people: String) {
        output.event(
            "step",
            [
                ("step", .string(step)), ("device", .string(device)),
                ("value", value.map(JSONValue.string) ?? .null),
            ],
            people: people
        )
    }
}
