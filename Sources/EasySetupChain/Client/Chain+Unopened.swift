extension Chain {
    /// Reads a collection, unless the store refuses it: a session may still have the rights of the certificate before.
    func refreshIfAllowed(_ name: CollectionName) async throws(ChainError) {
        do throws(ChainError) {
            try await refresh(name)
        } catch {
            guard error.code == .storeDenied else { throw error }
        }
    }

    /// The boxes that this device can't open, as far as it has read the collections.
    var unopenedBoxes: [UnopenedBox] {
        readers.values.compactMap { reader in
            reader.keys.lacking.map {
                UnopenedBox(collection: reader.keys.place.collection, generation: $0, held: reader.keys.current)
            }
        }.sorted { $0.collection.bytes.lexicographicallyPrecedes($1.collection.bytes) }
    }

    /// Says in this device's record, if it has one, which boxes it can't open, so that a device with the seed makes others.
    func tellUnopened() async throws(ChainError) {
        guard case .membership = holder else { return }
        try await refresh(.devices)
        guard let attributes = reader(.devices)?.state.object(device.text) else { return }
        let written = UnopenedBox.written(unopenedBoxes)
        guard attributes[UnopenedBox.attribute] != written else { return }
        try await write([(device.text, .update([UnopenedBox.attribute: written]))], in: .devices)
    }
}
