import CSodium
public import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// All that a device without the seed has: its keys, its certificate, and the names and keys of its collections
/// (`Protocol/chain.md`, "Memberships"). It is secret. Neither printing nor mirrors show a key.
public final class Membership: Sendable {
    /// The device's part of one collection.
    package struct Collection: Sendable {
        package let name: CollectionName
        package let id: CollectionID
        package let mayWrite: Bool
        /// The keys by generation, at least one.
        package let keys: [UInt32: CollectionKey]
    }

    /// The keys of the device itself.
    public let deviceKeys: DeviceKeys
    /// The device's rights.
    public let certificate: Certificate
    /// The collections of the certificate.
    package let collections: [Collection]

    /// The chain.
    public var userID: UserID { certificate.userID }
    /// The device.
    public var device: DeviceID { certificate.device }

    /// The names of the collections of apps that the device may read, and whether it may write there.
    public var rights: [CollectionName: Bool] {
        Dictionary(
            uniqueKeysWithValues: collections.filter { !$0.name.isReserved }.map { ($0.name, $0.mayWrite) }
        )
    }

    /// The greatest number of bytes in a membership: more than all collections and generations that one can have.
    public static let byteLimit = 1_048_576

    private init(deviceKeys: DeviceKeys, certificate: Certificate, collections: [Collection]) {
        self.deviceKeys = deviceKeys
        self.certificate = certificate
        self.collections = collections
    }

    /// Makes the membership of a device, on a device that has the seed.
    /// - Parameters:
    ///   - deviceKeys: the keys of the device, whose secret the membership contains.
    ///   - collections: the collections of apps, and whether the device may write there.
    ///   - generations: the generations of each collection whose key was ever changed, which must exist. The device gets
    ///     their keys, of the newest ``generationLimit`` at most. The newest alone is enough where the collection has its
    ///     earlier keys.
    ///   - notAfter: the last second of the certificate's validity, since 1970 (UTC); 0 if it does not end.
    /// - Throws: ``ChainError/Code/tooManyCollections``.
    package convenience init(
        device: DeviceID,
        deviceKeys: DeviceKeys,
        collections: [CollectionName: Bool],
        generations: [CollectionName: Set<UInt32>] = [:],
        notAfter: UInt64 = 0,
        seed: SyncSeed
    ) throws(ChainError) {
        let certificate = try Certificate(
            device: device,
            signingKey: deviceKeys.signingKey,
            boxKey: deviceKeys.boxKey,
            collections: collections,
            notAfter: notAfter,
            seed: seed
        )
        let names = Set(collections.keys).union([.devices, .requests])
        let held = names.sorted { $0.text < $1.text }.map { name in
            let given = generations[name] ?? []
            let kept = (given.isEmpty ? [1] : given).sorted().suffix(Self.generationLimit)
            let id = CollectionID(of: name, seed: seed)
            let keys = kept.map { ($0, CollectionKey(of: name, generation: $0, seed: seed)) }
            return Collection(
                name: name,
                id: id,
                mayWrite: certificate.right(in: id)?.mayWrite ?? false,
                keys: Dictionary(uniqueKeysWithValues: keys)
            )
        }
        self.init(deviceKeys: deviceKeys, certificate: certificate, collections: held)
    }

    /// The greatest number of generations of a collection in a membership.
    package static let generationLimit = 64

    /// The device's part of a collection; nil if it has none.
    package func collection(_ name: CollectionName) -> Collection? {
        collections.first { $0.name == name }
    }
}

extension Membership: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show no key.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}

// MARK: - Bytes

extension Membership {
    /// The membership as bytes, which are as secret as the keys in them.
    public func encoded() -> SecretBytes {
        var message = Easysetup_Chain_V1_Membership()
        message.deviceSecret = Data(deviceKeys.secret)
        message.certificate = certificate.message
        message.collections = collections.map { collection in
            .with {
                $0.collection = Data(collection.id.bytes)
                $0.name = collection.name.text
                $0.keys = collection.keys.sorted { $0.key < $1.key }.map { generation, key in
                    .with {
                        $0.generation = generation
                        $0.key = Data(key.secret)
                    }
                }
            }
        }
        defer { message.wipe() }
        var bytes = message.plainBytes()
        return SecretBytes(wiping: &bytes)
    }

    /// Reads a membership, and checks that its certificate is signed, is for this device's keys, and is for the
    /// collections that are there.
    /// - Throws: ``ChainError/Code/membershipUnreadable``, or the certificate's error.
    public convenience init(_ encoded: borrowing SecretBytes) throws(ChainError) {
        guard encoded.count <= Self.byteLimit else { throw .membershipUnreadable }
        var bytes = unsafe encoded.withUnsafeBytes { unsafe Array($0) }
        defer { Sodium.wipe(&bytes) }
        guard var message = try? Easysetup_Chain_V1_Membership(serializedBytes: bytes) else {
            throw .membershipUnreadable
        }
        defer { message.wipe() }
        guard let deviceKeys = DeviceKeys(secret: SecretBytes(message.deviceSecret)),
            let content = try? Easysetup_Chain_V1_CertificateContent(serializedBytes: message.certificate.content),
            let userID = UserID(bytes: content.userID)
        else { throw .membershipUnreadable }
        let certificate = try Certificate(bytes: message.certificate.plainBytes(), of: userID)
        guard certificate.signingKey == deviceKeys.signingKey, certificate.boxKey == deviceKeys.boxKey
        else { throw .certificateNotSigned }
        var collections: [Collection] = []
        for wire in message.collections {
            guard let id = CollectionID(bytes: wire.collection), let name = CollectionName(any: wire.name),
                let right = certificate.right(in: id)
            else { throw .membershipUnreadable }
            collections.append(
                Collection(name: name, id: id, mayWrite: right.mayWrite, keys: try Self.keys(wire.keys))
            )
        }
        guard Set(collections.map(\.id)) == Set(certificate.rights.map(\.collection)),
            collections.count == certificate.rights.count, Set(collections.map(\.name)).count == collections.count
        else { throw .membershipUnreadable }
        self.init(deviceKeys: deviceKeys, certificate: certificate, collections: collections)
    }

    private static func keys(
        _ wire: [Easysetup_Chain_V1_GenerationKey]
    ) throws(ChainError) -> [UInt32: CollectionKey] {
        guard 1...generationLimit ~= wire.count else { throw .membershipUnreadable }
        var keys: [UInt32: CollectionKey] = [:]
        for wire in wire {
            guard wire.generation >= 1, let key = CollectionKey(bytes: SecretBytes(wire.key)),
                keys.updateValue(key, forKey: wire.generation) == nil
            else { throw .membershipUnreadable }
        }
        return keys
    }
}

extension Easysetup_Chain_V1_Membership {
    /// Overwrites all keys. The message gives up its reference to each one first. Otherwise copy-on-write would let the
    /// wipe clear only a copy.
    fileprivate mutating func wipe() {
        var secrets = [deviceSecret]
        deviceSecret = Data()
        for collection in collections.indices {
            for key in collections[collection].keys.indices {
                secrets.append(collections[collection].keys[key].key)
                collections[collection].keys[key].key = Data()
            }
        }
        for index in secrets.indices { secrets[index].resetBytes(in: secrets[index].indices) }
    }
}

extension SecretBytes {
    /// A locked copy of data, which the caller wipes.
    init(_ data: Data) {
        self.init(zeros: data.count)
        unsafe data.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
    }
}

extension Data {
    /// A copy of secret bytes, which the caller wipes.
    init(_ secret: borrowing SecretBytes) {
        self = unsafe secret.withUnsafeBytes { unsafe Data($0) }
    }
}
