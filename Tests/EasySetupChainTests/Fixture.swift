import EasySetupSeed
import SeededRandom
import Synchronization
import Testing

@testable import EasySetupChain

/// A chain of tests: a seed, a collection, and randomness that repeats.
struct Fixture {
    let seed = try! SyncSeed(bytes: secret([UInt8](repeating: 7, count: 32)))
    let name = try! CollectionName("notes")
    let entropy = ChainEntropy.counted(1)
    let writer = DeviceID(value: 0x0102_0304_0506_0708)

    var ring: KeyRing { KeyRing(name: name, seed: seed) }
    var place: RecordPlace { ring.place }

    /// The names of a record with one change, whose value has a number of bytes.
    func names(
        _ object: String = "a",
        value: Int = 3,
        time: UInt64 = 1_000,
        writer: DeviceID? = nil,
        ring: KeyRing? = nil
    ) throws -> [String] {
        let change = Change(
            object: object,
            operation: .set(["text": [UInt8](repeating: 9, count: value)]),
            knownDeletion: nil
        )
        return try names(.changes([change]), time: time, writer: writer, ring: ring)
    }

    func names(
        _ content: RecordContent,
        time: UInt64 = 1_000,
        writer: DeviceID? = nil,
        ring: KeyRing? = nil
    ) throws -> [String] {
        try RecordWriter.names(
            of: content,
            previous: 0,
            time: time,
            writer: writer ?? self.writer,
            keys: ring ?? self.ring,
            entropy: entropy
        ).names
    }

    /// A device without the seed, and its membership of the collection.
    func member(
        _ number: UInt64,
        mayWrite: Bool = true,
        generations: [CollectionName: Set<UInt32>] = [:]
    ) throws -> Membership {
        try Membership(
            device: DeviceID(value: number),
            deviceKeys: deviceKeys(UInt8(number)),
            collections: [name: mayWrite],
            generations: generations,
            seed: seed
        )
    }
}

extension ChainEntropy {
    /// Bytes of a generator that is determined by its seed.
    static func counted(_ seed: UInt64) -> ChainEntropy {
        let random = Mutex(SplitMix(state: seed))
        return ChainEntropy { count in
            secret(random.withLock { $0.bytes(count) })
        }
    }
}

/// The keys of a device with a secret of 32 such bytes.
func deviceKeys(_ byte: UInt8) -> DeviceKeys {
    DeviceKeys(secret: secret([UInt8](repeating: byte, count: 32)))!
}

/// The content of a box that is sealed to a device; nil if it does not open.
func opened(_ box: [UInt8], _ keys: DeviceKeys) -> [UInt8]? {
    guard let content = keys.open(box) else { return nil }
    return array(content)
}

func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}

func array(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}

/// Entries of a listing with these names.
func entries(_ names: some Sequence<String>, lastModified: UInt64 = 5_000) -> [ObjectPage.Entry] {
    names.map { ObjectPage.Entry(name: $0, lastModified: lastModified) }
}
