package import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The announcement of a new generation of a collection's key (`Protocol/chain.md`, "Generations"). A device without the
/// seed finds the new key in the box that is sealed to it; a device with the seed derives the key.
package struct KeyChange: Hashable, Sendable {
    /// The bytes that a record's writer signs: a protocol buffer with the collection, the generation and the boxes.
    package let content: [UInt8]
    /// The new generation, at least 2.
    package let generation: UInt32
    /// The new key, sealed to each device without the seed that stays.
    package let boxes: [DeviceID: [UInt8]]
    /// The devices of which the writer knew that they were removed.
    package let removed: Set<DeviceID>

    /// Reads a key change, and checks that a holder of the seed signed it for this collection and this record.
    /// - Parameter stamp: the record's stamp.
    /// - Throws: ``RecordFault/malformed`` otherwise.
    package init(
        content: [UInt8],
        signature: [UInt8],
        stamp: Stamp,
        place: RecordPlace
    ) throws(RecordFault) {
        let signed = ChainLabel.signed(ChainLabel.keyChange, stamp, content)
        guard place.userID.isValid(signature: signature, for: signed),
            let message = Easysetup_Chain_V1_KeyChangeContent(inOneForm: content),
            Array(message.collection) == place.collection.bytes, message.generation >= 2
        else { throw .malformed }
        var boxes: [DeviceID: [UInt8]] = [:]
        for box in message.boxes {
            guard let device = DeviceID(bytes: box.device), box.box.count == Self.boxBytes,
                boxes.updateValue(Array(box.box), forKey: device) == nil
            else { throw .malformed }
        }
        var removed: Set<DeviceID> = []
        for bytes in message.removed {
            guard let device = DeviceID(bytes: bytes), removed.insert(device).inserted else { throw .malformed }
        }
        self.content = content
        self.generation = message.generation
        self.boxes = boxes
        self.removed = removed
    }

    /// Makes the announcement of a generation.
    /// - Parameters:
    ///   - generation: the new generation, greater than all that were used.
    ///   - devices: the devices without the seed that stay, with their public box keys.
    ///   - removed: all devices that are known to be removed. None of them gets a box, although it may be among the others:
    ///     these may have been found before a removal was read.
    /// - Throws: ``ChainError/Code/certificateUnreadable`` if a box key is none.
    package init(
        of name: CollectionName,
        generation: UInt32,
        devices: [DeviceID: [UInt8]],
        removed: Set<DeviceID> = [],
        seed: SyncSeed,
        entropy: ChainEntropy
    ) throws(ChainError) {
        let devices = devices.filter { !removed.contains($0.key) }
        try self.init(
            of: name,
            generation: generation,
            boxKeys: devices,
            removed: removed,
            seed: seed,
            entropy: entropy
        )
    }

    /// Makes an announcement that says what it is told.
    package init(
        of name: CollectionName,
        generation: UInt32,
        boxKeys devices: [DeviceID: [UInt8]],
        removed: Set<DeviceID>,
        seed: SyncSeed,
        entropy: ChainEntropy
    ) throws(ChainError) {
        precondition(generation >= 2, "the first generation needs no announcement")
        let key = CollectionKey(of: name, generation: generation, seed: seed)
        var message = Easysetup_Chain_V1_KeyChangeContent()
        message.collection = Data(CollectionID(of: name, seed: seed).bytes)
        message.generation = generation
        var boxes: [DeviceID: [UInt8]] = [:]
        for (device, boxKey) in devices.sorted(by: { $0.key < $1.key }) {
            guard let box = SealedBox.seal(key.secret, to: boxKey, ephemeral: entropy.bytes(32)) else {
                throw .certificateUnreadable
            }
            boxes[device] = box
            message.boxes.append(
                .with {
                    $0.device = Data(device.bytes)
                    $0.box = Data(box)
                }
            )
        }
        message.removed = removed.sorted().map { Data($0.bytes) }
        content = message.plainBytes()
        self.generation = generation
        self.boxes = boxes
        self.removed = removed
    }

    /// Makes the announcements of a generation that are needed for all devices to read it: one for each earlier generation
    /// under which some of them have to get it, and more where one record has no room.
    /// - Parameters:
    ///   - devices: the devices without the seed that get the key, with their public box keys, by the generation under which
    ///     they can read a record.
    ///   - current: the generation under which a record without boxes is sealed.
    /// - Returns: the announcements, at least one, and the generations under which they are sealed.
    /// - Throws: ``ChainError/Code/certificateUnreadable`` if a box key is none.
    package static func all(
        of name: CollectionName,
        generation: UInt32,
        devices: [UInt32: [DeviceID: [UInt8]]],
        removed: Set<DeviceID>,
        current: UInt32,
        seed: SyncSeed,
        entropy: ChainEntropy
    ) throws(ChainError) -> [(under: UInt32, change: KeyChange)] {
        var groups: [(under: UInt32, devices: [DeviceID: [UInt8]])] = []
        for (under, devices) in devices.sorted(by: { $0.key < $1.key }) {
            let staying = devices.filter { !removed.contains($0.key) }.sorted { $0.key < $1.key }
            for start in stride(from: 0, to: staying.count, by: boxesPerRecord) {
                let some = staying[start..<min(start + boxesPerRecord, staying.count)]
                groups.append((under, Dictionary(uniqueKeysWithValues: some.map { ($0.key, $0.value) })))
            }
        }
        let named = removed.sorted()
        let portions = max(1, (named.count + removedPerRecord - 1) / removedPerRecord)
        while groups.count < portions { groups.append((current, [:])) }
        var changes: [(under: UInt32, change: KeyChange)] = []
        for (number, group) in groups.enumerated() {
            // Where all fit, each record names them all: a store may show one of the records alone.
            let start = number % portions * removedPerRecord
            let change = try KeyChange(
                of: name,
                generation: generation,
                boxKeys: group.devices,
                removed: Set(named[start..<min(start + removedPerRecord, named.count)]),
                seed: seed,
                entropy: entropy
            )
            changes.append((group.under, change))
        }
        return changes
    }

    /// The greatest number of boxes that a writer puts into one record.
    package static let boxesPerRecord = 300
    /// The greatest number of removed devices that a writer names in one record.
    package static let removedPerRecord = 1_000

    /// The number of bytes in a box: a key of 32 bytes, and what sealing adds.
    static let boxBytes = CollectionKey.byteCount + SealedBox.overhead
}
