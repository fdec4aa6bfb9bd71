import EasySetupChain
import EasySetupSeed
import EasySetupTesting
import SeededRandom

/// The kinds of what somebody who may write puts into a collection so that it stays.
enum Litter: CaseIterable {
    /// A name that can't be read.
    case name
    /// A record of a later version that nobody has noted.
    case newer
    /// A record that the seed has signed, sealed again.
    case copy
}

/// What a record says and where, as far as it can be copied.
struct Signed: Hashable {
    let stamp: Stamp
    let content: RecordContent
}

extension ChainWorld {
    /// Somebody who may write puts something into a collection that nobody needs.
    func litterAnything() {
        guard random.once(in: 6), let name = random.pick(names + [.devices, .requests]) else { return }
        let kind = random.pick(Litter.allCases)!
        let made: [String] =
            switch kind {
            case .name: [place(name).prefix + random.pick(["", "x", "0000000000001-x", "a/b/c", "%", "z/"])!]
            case .newer: newer(name)
            case .copy: copy(name)
            }
        for object in made { store.insert(object) }
        litter[kind, default: []].formUnion(made)
    }

    /// Whether a device is kept from deleting a name.
    func keeps(_ object: String) -> Bool {
        switch mutation {
        case .keepsNames: litter[.name]?.contains(object) ?? false
        case .keepsNewer: litter[.newer]?.contains(object) ?? false
        case .keepsCopies: litter[.copy]?.contains(object) ?? false
        case .keepsOwn: CollectionName.reserved.contains { object.hasPrefix(place($0).prefix) }
        default: false
        }
    }

    /// A record with a field that this version does not know, under a generation that there is.
    private func newer(_ name: CollectionName) -> [String] {
        let generation = records(name).map(\.stamp.generation).max() ?? 1
        let stamp = Stamp(generation: generation, time: store.milliseconds, writer: DeviceID(value: 78))
        let sealed = RecordSeal.seal(
            [0xFA, 0x7F, 1, 0],
            stamp: stamp,
            place: place(name),
            key: CollectionKey(of: name, generation: generation, seed: chainSeed),
            nonce: random.bytes(24)
        )
        return ObjectName.names(of: sealed, time: stamp.time, writer: stamp.writer, in: place(name))
    }

    /// Another record with what the seed has signed.
    private func copy(_ name: CollectionName) -> [String] {
        let signed = records(name).filter { if case .changes = $0.content { false } else { true } }
        guard let record = random.pick(signed) else { return [] }
        return forge(
            record.content,
            name,
            time: record.stamp.time,
            current: record.stamp.generation,
            by: record.stamp.writer
        )
    }

    /// The records of a collection that were ever stored.
    private func records(_ name: CollectionName) -> [Record] {
        var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
        let prefix = place(name).prefix
        let names = history.filter { $0.hasPrefix(prefix) }
        return assembler.add(names.map { ObjectPage.Entry(name: $0, lastModified: 0) }).map(\.record)
    }
}
