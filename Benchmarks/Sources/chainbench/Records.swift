import EasySetupChain

/// The records that are measured: objects with one attribute of random bytes, each written by a record of its own.
struct Records {
    static let collection = "notes"

    let count: Int
    /// The number of bytes in each value.
    let bytes: Int

    static func object(_ number: Int) -> String { "note-\(number)" }

    private func value() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        var value: [UInt8] = []
        while value.count < bytes { withUnsafeBytes(of: random.next()) { value += $0 } }
        return Array(value.prefix(bytes))
    }

    /// Writes the records by several devices at once, each of which writes one after the other.
    func write(by chains: [Chain]) async throws {
        // The first write to a collection notes it. All at once, each of the devices would.
        try await chains.first?.note(Self.collection)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, chain) in chains.enumerated() {
                group.addTask {
                    for number in stride(from: index, to: count, by: chains.count) {
                        let attributes = ["text": value()]
                        try await chain.put(Self.object(number), in: Self.collection, attributes)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
