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
        serial: UInt64 = 0,
        seed: SyncSeed
    ) throws(ChainError) {
        let certificate = try Certificate(
            device: device,
            signingKey: deviceKeys.signingKey,
            boxKey: deviceKeys.boxKey,
            collections: collections,
            generations: generations.compactMapValues { $0.max() },
            notAfter: notAfter,
            serial: serial,
            seed: seed
        )
        let held = Self.held(by: certificate, collections, generations, seed)
        self.init(deviceKeys: deviceKeys, certificate: certificate, collections: held)
    }

    /// The parts of collections that a device without the seed gets.
    package static func held(
        by certificate: Certificate,
        _ collections: [CollectionName: Bool],
        _ generations: [CollectionName: Set<UInt32>],
        _ seed: SyncSeed
    ) -> [Collection] {
        let names = Set(collections.keys).union([.devices, .requests])
        return names.sorted { $0.text < $1.text }.map { name in
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
    }

    /// The membership that a device has after a grant: the keys of this one and those of the grant.
    /// - Throws: ``ChainError/Code/membershipUnreadable`` unless they are those that the certificate needs;
    ///   ``ChainError/Code/certificateNotSigned`` for the certificate of another device.
    func extended(by certificate: Certificate, _ held: [Collection]) throws(ChainError) -> Membership {
        guard certificate.userID == userID, certificate.device == device,
            certificate.signingKey == deviceKeys.signingKey, certificate.boxKey == deviceKeys.boxKey
        else { throw .certificateNotSigned }
        guard Set(held.map(\.id)) == Set(certificate.rights.map(\.collection)),
            held.count == certificate.rights.count, Set(held.map(\.name)).count == held.count
        else { throw .membershipUnreadable }
        let all = held.map { part in
            let before = collections.first { $0.id == part.id }?.keys ?? [:]
            let keys = part.keys.merging(before) { new, _ in new }.sorted { $0.key < $1.key }
            return Collection(
                name: part.name,
                id: part.id,
                mayWrite: part.mayWrite,
                keys: Dictionary(uniqueKeysWithValues: keys.suffix(Self.generationLimit))
            )
        }
        return Membership(deviceKeys: deviceKeys, certificate: certificate, collections: all)
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
        message.collections = collections.map(\.message)
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
        guard message.isWritten(as: bytes), let deviceKeys = DeviceKeys(secret: SecretBytes(message.deviceSecret)),
            let content = try? Easysetup_Chain_V1_CertificateContent(serializedBytes: message.certificate.content),
            let userID = UserID(bytes: content.userID)
        else { throw .membershipUnreadable }
        let certificate = try Certificate(bytes: message.certificate.plainBytes(), of: userID)
        guard certificate.signingKey == deviceKeys.signingKey, certificate.boxKey == deviceKeys.boxKey
        else { throw .certificateNotSigned }
        var collections: [Collection] = []
        for wire in message.collections { collections.append(try Collection(wire, certificate)) }
        guard Set(collections.map(\.id)) == Set(certificate.rights.map(\.collection)),
            collections.count == certificate.rights.count, Set(collections.map(\.name)).count == collections.count
        else { throw .membershipUnreadable }
        self.init(deviceKeys: deviceKeys, certificate: certificate, collections: collections)
    }
}

extension Membership.Collection {
    /// The message of this part, which the caller wipes.
    fileprivate var message: Easysetup_Chain_V1_HeldCollection {
        .with {
            $0.collection = Data(id.bytes)
            $0.name = name.text
            $0.keys = keys.sorted { $0.key < $1.key }.map { generation, key in
                .with {
                    $0.generation = generation
                    $0.key = Data(key.secret)
                }
            }
        }
    }

    /// Reads a part of a membership with this certificate.
    fileprivate init(_ wire: Easysetup_Chain_V1_HeldCollection, _ certificate: Certificate) throws(ChainError) {
        guard let id = CollectionID(bytes: wire.collection), let name = CollectionName(any: wire.name),
            let right = certificate.right(in: id)
        else { throw .membershipUnreadable }
        guard 1...Membership.generationLimit ~= wire.keys.count else { throw .membershipUnreadable }
        var keys: [UInt32: CollectionKey] = [:]
        for wire in wire.keys {
            guard wire.generation >= 1, let key = CollectionKey(bytes: SecretBytes(wire.key)),
                keys.updateValue(key, forKey: wire.generation) == nil
            else { throw .membershipUnreadable }
        }
        self.init(name: name, id: id, mayWrite: right.mayWrite, keys: keys)
    }

    /// The parts as bytes, which are secret.
    static func encoded(_ collections: [Self]) -> SecretBytes {
        var message = Easysetup_Chain_V1_HeldCollections.with { $0.collections = collections.map(\.message) }
        var secrets: [Data] = []
        var bytes = message.plainBytes()
        message.collections.takeSecrets(&secrets)
        secrets.wipe()
        return SecretBytes(wiping: &bytes)
    }

    /// Reads the parts that a certificate comes with.
    static func decoded(
        _ encoded: borrowing SecretBytes,
        _ certificate: Certificate
    ) throws(ChainError) -> [Self] {
        var bytes = unsafe encoded.withUnsafeBytes { unsafe Array($0) }
        defer { Sodium.wipe(&bytes) }
        guard var message = try? Easysetup_Chain_V1_HeldCollections(serializedBytes: bytes) else {
            throw .membershipUnreadable
        }
        defer {
            var secrets: [Data] = []
            message.collections.takeSecrets(&secrets)
            secrets.wipe()
        }
        guard message.isWritten(as: bytes) else { throw .membershipUnreadable }
        var collections: [Self] = []
        for wire in message.collections { collections.append(try Self(wire, certificate)) }
        return collections
    }
}

extension [Easysetup_Chain_V1_HeldCollection] {
    /// Takes the keys out. The message gives up its reference to each one, or copy-on-write would let a wipe clear a copy.
    fileprivate mutating func takeSecrets(_ secrets: inout [Data]) {
        for collection in indices {
            for key in self[collection].keys.indices {
                secrets.append(self[collection].keys[key].key)
                self[collection].keys[key].key = Data()
            }
        }
    }
}

extension [Data] {
    fileprivate mutating func wipe() {
        for index in indices { self[index].resetBytes(in: self[index].indices) }
    }
}

extension Easysetup_Chain_V1_Membership {
    /// Overwrites all keys. The message gives up its reference to each one first. Otherwise copy-on-write would let the
    /// wipe clear only a copy.
    fileprivate mutating func wipe() {
        var secrets = [deviceSecret]
        deviceSecret = Data()
        collections.takeSecrets(&secrets)
        secrets.wipe()
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
