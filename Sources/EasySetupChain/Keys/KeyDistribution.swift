/// The devices without the seed that may read a collection, and the generations of its key that each of them has
/// (`Protocol/chain.md`, "Generations"). It does no I/O.
///
/// It goes by certificates and key changes alone, which only a holder of the seed can make. Nothing that a device without the
/// seed writes takes a device out of it.
package struct KeyDistribution: Sendable {
    private struct Member {
        var boxKey: [UInt8]
        var serial: UInt64
        var generations: Set<UInt32>
        /// The number of boxes that key changes of the newest generation have for the device.
        var newestBoxes = 0
    }

    private var members: [DeviceID: Member] = [:]
    /// The highest generation that was announced; 1 if there was none.
    private let newest: UInt32

    /// Finds the members of a collection.
    /// - Parameters:
    ///   - certificates: certificates of devices that were not removed.
    ///   - changes: the changes of the collection's key that were read.
    ///   - unopened: the boxes that devices say they can't open.
    ///   - seconds: the time since 1970 at which the certificates must not have ended.
    package init(
        of collection: CollectionID,
        certificates: some Sequence<Certificate>,
        changes: some Sequence<CollectionReader.SeenKeyChange>,
        unopened: [DeviceID: [UnopenedBox]] = [:],
        at seconds: UInt64
    ) {
        // A generation is announced under an earlier one, so in their order each is read when those before it are.
        let changes = changes.sorted { ($0.generation, $0.stamp) < ($1.generation, $1.stamp) }
        newest = changes.last?.generation ?? 1
        for certificate in certificates {
            guard let right = certificate.right(in: collection), (try? certificate.checkTime(seconds)) != nil else {
                continue
            }
            var member =
                members[certificate.device]
                ?? Member(boxKey: certificate.boxKey, serial: certificate.serial, generations: [])
            if member.serial < certificate.serial {
                (member.boxKey, member.serial) = (certificate.boxKey, certificate.serial)
            }
            member.generations.insert(right.generation)
            members[certificate.device] = member
        }
        for (device, member) in members {
            var member = member
            let boxes = changes.filter { $0.devices.contains(device) }
            member.newestBoxes = boxes.count { $0.generation == newest }
            let first = member.generations
            member.generations.read(boxes)
            // A device that can't open its box of a generation has none that was announced under that one.
            for box in unopened[device] ?? [] where box.collection == collection {
                guard member.generations.contains(box.held), box.held < box.generation else { continue }
                member.generations = first.filter { $0 <= box.held }.union([box.held])
                member.generations.read(boxes.filter { $0.generation != box.generation })
            }
            members[device] = member
        }
    }

    /// The box keys of all members, by the highest generation that each one has.
    package var all: [UInt32: [DeviceID: [UInt8]]] { groups { _ in true } }

    /// The box keys of the members that lack the newest generation, by the highest one that each has.
    package var leftOut: [UInt32: [DeviceID: [UInt8]]] {
        groups { !$0.generations.contains(newest) && $0.newestBoxes < UnopenedBox.boxesPerGeneration }
            .filter { $0.key < newest }
    }

    private func groups(_ isIn: (Member) -> Bool) -> [UInt32: [DeviceID: [UInt8]]] {
        members.filter { isIn($0.value) }.reduce(into: [:]) { groups, entry in
            groups[entry.value.generations.max() ?? 1, default: [:]][entry.key] = entry.value.boxKey
        }
    }
}

extension Set<UInt32> {
    /// Adds the generations of boxes in records that can be opened with those that are there.
    fileprivate mutating func read(_ boxes: [CollectionReader.SeenKeyChange]) {
        for box in boxes where contains(box.stamp.generation) { insert(box.generation) }
    }
}
