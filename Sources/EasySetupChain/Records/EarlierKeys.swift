package import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The keys of a collection's generations before the record's own (`Protocol/chain.md`, "Earlier keys"). With them a
/// device that has the newest key alone reads everything. They are in locked memory, and neither printing nor mirrors show
/// a byte.
package final class EarlierKeys: Sendable {
    /// The generation under which the record is sealed.
    package let generation: UInt32
    /// The generations whose keys are here, in ascending order, at least one.
    package let generations: [UInt32]
    /// The keys in the same order, in one place: each place in locked memory takes four mappings, and there may be many
    /// lists of many keys.
    private let keys: SecretBytes
    /// The bytes that a record's writer signs: a protocol buffer with the collection, the generation and the keys.
    package let content: SecretBytes

    /// Reads earlier keys, and checks that a holder of the seed signed them for this collection and this record.
    /// - Parameters:
    ///   - content: the bytes that were signed, which are wiped.
    ///   - stamp: the record's stamp.
    /// - Throws: ``RecordFault/malformed`` otherwise.
    package init(
        wiping content: inout [UInt8],
        signature: [UInt8],
        stamp: Stamp,
        place: RecordPlace
    ) throws(RecordFault) {
        defer { Sodium.wipe(&content) }
        var signed = ChainLabel.signed(ChainLabel.earlierKeys, stamp, content)
        defer { Sodium.wipe(&signed) }
        guard place.userID.isValid(signature: signature, for: signed),
            var message = Easysetup_Chain_V1_EarlierKeysContent(inOneForm: content)
        else { throw .malformed }
        defer { message.wipe() }
        guard Array(message.collection) == place.collection.bytes, message.generation == stamp.generation,
            !message.keys.isEmpty
        else { throw .malformed }
        var generations: [UInt32] = []
        var keys = Self.empty(message.keys.count)
        defer { Sodium.wipe(&keys) }
        for wire in message.keys {
            guard generations.last ?? 0 < wire.generation, wire.generation < stamp.generation,
                wire.key.count == CollectionKey.byteCount
            else { throw .malformed }
            generations.append(wire.generation)
            keys += wire.key
        }
        generation = stamp.generation
        self.generations = generations
        self.keys = SecretBytes(wiping: &keys)
        self.content = SecretBytes(wiping: &content)
    }

    /// Makes the earlier keys of a generation.
    /// - Parameter earlier: generations before it, at least one.
    package init(of name: CollectionName, generation: UInt32, earlier: Set<UInt32>, seed: SyncSeed) {
        precondition(!earlier.isEmpty && earlier.allSatisfy { 1..<generation ~= $0 }, "earlier generations")
        generations = earlier.sorted()
        var keys = Self.empty(generations.count)
        var message = Easysetup_Chain_V1_EarlierKeysContent()
        defer { message.wipe() }
        message.collection = Data(CollectionID(of: name, seed: seed).bytes)
        message.generation = generation
        for earlier in generations {
            let key = CollectionKey(of: name, generation: earlier, seed: seed)
            unsafe key.secret.withUnsafeBytes { unsafe keys.append(contentsOf: $0) }
            message.keys.append(
                .with {
                    $0.generation = earlier
                    $0.key = Data(key.secret)
                }
            )
        }
        var bytes = message.plainBytes()
        self.generation = generation
        self.keys = SecretBytes(wiping: &keys)
        content = SecretBytes(wiping: &bytes)
    }

    /// Room for so many keys, so that no copy of them is left behind when an array grows.
    private static func empty(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * CollectionKey.byteCount)
        return bytes
    }

    /// The key of a generation; nil if it is not here.
    package func key(of generation: UInt32) -> CollectionKey? {
        guard let index = generations.firstIndex(of: generation) else { return nil }
        let start = index * CollectionKey.byteCount
        let key = SecretBytes(zeros: CollectionKey.byteCount)
        unsafe keys.withUnsafeBytes { source in
            unsafe key.withUnsafeMutableBytes {
                unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + $0.count]))
            }
        }
        return CollectionKey(bytes: key)
    }

    /// Whether other earlier keys of the collection are all here, with the key of the generation that they are sealed under.
    package func hold(_ other: EarlierKeys) -> Bool {
        let here = Set(generations).union([generation])
        return here.isSuperset(of: other.generations) && here.contains(other.generation)
    }
}

extension EarlierKeys: Hashable {
    /// Whether both are the same content. The comparison of the keys takes constant time.
    package static func == (one: EarlierKeys, other: EarlierKeys) -> Bool {
        one.generations == other.generations && one.content.isEqual(to: other.content)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(generation)
        hasher.combine(generations)
    }
}

extension EarlierKeys: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of a key.
    package var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}

extension Easysetup_Chain_V1_EarlierKeysContent {
    /// Overwrites all keys. The message gives up its reference to each one first, because otherwise only a copy would be
    /// cleared.
    fileprivate mutating func wipe() {
        for index in keys.indices {
            var key = keys[index].key
            keys[index].key = Data()
            key.resetBytes(in: key.indices)
        }
    }
}
