extension Chain {
    // MARK: Devices that have the seed

    /// Notes that this device has the seed, where devices without it can't write: none of them can make itself look like one
    /// that has it, nor another look like one that has not.
    /// - Parameter again: whether the note is written although this device has read it: the store may have lost it.
    func noteHolder(again: Bool = false) async throws(ChainError) {
        guard case .seed = holder else { return }
        if reader(.collections)?.cursor.age(at: clock.elapsed) == nil { try await refresh(.collections) }
        guard again || !notedHolders.contains(device) else { return }
        try await write([(Self.holder(device), .put([:]))], in: .collections)
    }

    /// The wishes of a write, and with those for the collection of notes this device's own note, where it is not there.
    func withOwnNote(
        _ wishes: [(object: String, wish: Wish)],
        in name: CollectionName
    ) -> [(object: String, wish: Wish)] {
        let note = Self.holder(device)
        guard case .seed = holder, name == .collections, reader(name)?.state.object(note) == nil,
            !wishes.contains(where: { $0.object == note })
        else { return wishes }
        return wishes + [(note, .put([:]))]
    }

    /// The devices that have noted that they have the seed, as far as this device has read.
    var notedHolders: Set<DeviceID> {
        Set(
            living(.collections).compactMap { object, _ in
                object.hasPrefix(Self.holderPrefix) ? DeviceID(text: object.dropFirst(Self.holderPrefix.count)) : nil
            }
        )
    }

    /// The id of the note of a device that has the seed.
    static func holder(_ device: DeviceID) -> String { holderPrefix + device.text }

    private static let holderPrefix = "holder:"
}
