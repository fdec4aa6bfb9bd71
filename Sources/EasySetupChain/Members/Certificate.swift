public import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The rights of a device without the seed, signed by a device that holds the seed (`Protocol/chain.md`, "Certificates").
///
/// A value of this type has a valid signature of its ``userID``. Whether its time is over is asked apart, because time is
/// handed in.
public struct Certificate: Hashable, Sendable {
    /// The device's right in one collection.
    public struct Right: Hashable, Sendable {
        /// The collection, in which the device may read.
        public let collection: CollectionID
        /// Whether the device may write there, too.
        public let mayWrite: Bool
        /// A generation of the collection's key that the device has: the newest one when the certificate was made.
        package let generation: UInt32

        /// Makes a right from its parts.
        public init(collection: CollectionID, mayWrite: Bool) {
            self.init(collection: collection, mayWrite: mayWrite, generation: 1)
        }

        package init(collection: CollectionID, mayWrite: Bool, generation: UInt32) {
            self.collection = collection
            self.mayWrite = mayWrite
            self.generation = max(generation, 1)
        }
    }

    /// The certificate's bytes: a protocol buffer of what was signed and the signature.
    public let bytes: [UInt8]
    /// The chain.
    public let userID: UserID
    /// The device.
    public let device: DeviceID
    /// The device's Ed25519 public key, 32 bytes.
    public let signingKey: [UInt8]
    /// The device's X25519 public key, 32 bytes.
    public let boxKey: [UInt8]
    /// The device's rights, for at least one collection and none twice.
    public let rights: [Right]
    /// The last second of the certificate's validity, since 1970 (UTC); 0 if it does not end.
    public let notAfter: UInt64

    /// The place of this certificate among those of its device, of which the one with the greatest serial counts: when it was
    /// made by the store's time, in milliseconds since 1970; 0 for none.
    public let serial: UInt64

    /// The greatest number of bytes in a certificate.
    public static let byteLimit = 4_096
    /// The greatest number of collections in a certificate.
    public static let rightLimit = 128

    /// Reads a certificate and checks that a holder of the seed signed it.
    /// - Parameters:
    ///   - bytes: the certificate as it is kept and sent.
    ///   - userID: the chain that the certificate must be of.
    /// - Throws: ``ChainError/Code/certificateUnreadable`` or ``ChainError/Code/certificateNotSigned``.
    public init(bytes: [UInt8], of userID: UserID) throws(ChainError) {
        guard bytes.count <= Self.byteLimit, let message = Easysetup_Chain_V1_Certificate(inOneForm: bytes),
            let content = try? Easysetup_Chain_V1_CertificateContent(serializedBytes: message.content)
        else { throw .certificateUnreadable }
        // The signature comes first: nothing is said of the content of a certificate that somebody else made.
        let signed = ChainLabel.signed(ChainLabel.certificate, Array(message.content))
        guard userID.isValid(signature: Array(message.signature), for: signed) else { throw .certificateNotSigned }
        guard Array(content.userID) == userID.bytes else { throw .certificateNotSigned }
        guard content.isWritten(as: Array(message.content)), let device = DeviceID(bytes: content.device),
            content.signingKey.count == DeviceKeys.publicKeyBytes, content.boxKey.count == DeviceKeys.publicKeyBytes,
            1...Self.rightLimit ~= content.rights.count
        else { throw .certificateUnreadable }
        var rights: [Right] = []
        for wire in content.rights {
            guard let collection = CollectionID(bytes: wire.collection) else { throw .certificateUnreadable }
            rights.append(Right(collection: collection, mayWrite: wire.mayWrite, generation: wire.generation))
        }
        guard Set(rights.map(\.collection)).count == rights.count else { throw .certificateUnreadable }
        self.bytes = bytes
        self.userID = userID
        self.device = device
        signingKey = Array(content.signingKey)
        boxKey = Array(content.boxKey)
        self.rights = rights
        notAfter = content.notAfter
        serial = content.serial
    }

    /// Makes the certificate of a device, which may always write to the collections of devices and of requests.
    /// - Parameters:
    ///   - device: the device's id.
    ///   - signingKey: the device's Ed25519 public key.
    ///   - boxKey: the device's X25519 public key.
    ///   - collections: the collections of apps, and whether the device may write there. At most 126.
    ///   - notAfter: the last second of its validity, since 1970 (UTC); 0 if it does not end.
    ///   - serial: a number greater than those of the device's earlier certificates.
    ///   - seed: the seed of the chain, whose key signs.
    /// - Throws: ``ChainError/Code/tooManyCollections``, or ``ChainError/Code/certificateUnreadable`` for keys of another
    ///   length.
    public init(
        device: DeviceID,
        signingKey: [UInt8],
        boxKey: [UInt8],
        collections: [CollectionName: Bool],
        notAfter: UInt64 = 0,
        serial: UInt64 = 0,
        seed: SyncSeed
    ) throws(ChainError) {
        try self.init(
            device: device,
            signingKey: signingKey,
            boxKey: boxKey,
            collections: collections,
            generations: [:],
            notAfter: notAfter,
            serial: serial,
            seed: seed
        )
    }

    /// Makes the certificate of a device that has these generations of the collections' keys.
    package init(
        device: DeviceID,
        signingKey: [UInt8],
        boxKey: [UInt8],
        collections: [CollectionName: Bool],
        generations: [CollectionName: UInt32],
        notAfter: UInt64,
        serial: UInt64,
        seed: SyncSeed
    ) throws(ChainError) {
        var mayWrite = collections
        for name in [CollectionName.devices, .requests] { mayWrite[name] = true }
        guard mayWrite.count <= Self.rightLimit else { throw .tooManyCollections }
        let rights = mayWrite.sorted { $0.key.text < $1.key.text }
            .map { name, mayWrite in
                Right(
                    collection: CollectionID(of: name, seed: seed),
                    mayWrite: mayWrite,
                    generation: generations[name] ?? 1
                )
            }
        let content = Easysetup_Chain_V1_CertificateContent.with {
            $0.userID = Data(seed.userID.bytes)
            $0.device = Data(device.bytes)
            $0.signingKey = Data(signingKey)
            $0.boxKey = Data(boxKey)
            $0.rights = rights.map { right in
                .with {
                    $0.collection = Data(right.collection.bytes)
                    $0.mayWrite = right.mayWrite
                    $0.generation = right.generation == 1 ? 0 : right.generation
                }
            }
            $0.notAfter = notAfter
            $0.serial = serial
        }
        try self.init(bytes: Self.signed(content.plainBytes(), seed: seed), of: seed.userID)
    }

    /// Signs a content, whatever it says; vectors sign wrong ones.
    package static func signed(_ content: [UInt8], seed: SyncSeed) -> [UInt8] {
        Easysetup_Chain_V1_Certificate.with {
            $0.content = Data(content)
            $0.signature = Data(seed.chainSignature(for: ChainLabel.signed(ChainLabel.certificate, content)))
        }.plainBytes()
    }

    /// The certificate as a part of other messages.
    var message: Easysetup_Chain_V1_Certificate {
        // The bytes were read as this message before.
        (try? Easysetup_Chain_V1_Certificate(serializedBytes: bytes)) ?? .init()
    }

    /// The certificate in base64url, as it stands in a request.
    public var text: String { Base64URL.text(bytes) }

    /// Reads a certificate from its text and checks that a holder of the seed signed it.
    /// - Throws: ``ChainError/Code/certificateUnreadable`` or ``ChainError/Code/certificateNotSigned``.
    public init(text: String, of userID: UserID) throws(ChainError) {
        guard text.utf8.count <= Base64URL.characterCount(Self.byteLimit), let bytes = Base64URL.bytes(text)
        else { throw .certificateUnreadable }
        try self.init(bytes: bytes, of: userID)
    }

    /// Throws ``ChainError/Code/certificateEnded`` if the certificate's time is over.
    /// - Parameter now: the time in seconds since 1970 (UTC).
    public func checkTime(_ now: UInt64) throws(ChainError) {
        guard notAfter == 0 || now <= notAfter else { throw .certificateEnded }
    }

    /// The device's right in a collection; nil if it has none.
    public func right(in collection: CollectionID) -> Right? {
        rights.first { $0.collection == collection }
    }

    /// Whether the device has all these rights by this certificate: a collection with true is one in which it may write.
    func covers(_ rights: [CollectionID: Bool]) -> Bool {
        rights.allSatisfy { collection, mayWrite in
            right(in: collection).map { $0.mayWrite || !mayWrite } ?? false
        }
    }

    /// Whether the certificate's device signed bytes for one use (`Protocol/chain.md`, "Labels").
    package func isValid(signature: [UInt8], _ label: String, _ content: [UInt8]) -> Bool {
        guard let key = UserID(bytes: signingKey) else { return false }
        return key.isValid(signature: signature, for: ChainLabel.signed(label, content))
    }
}

extension [Certificate] {
    /// The certificate with the greatest serial.
    var newest: Certificate? { self.max { $0.serial < $1.serial } }

    /// The rights of all together: each collection, and whether one of them lets the device write there.
    var rights: [CollectionID: Bool] {
        reduce(into: [:]) { rights, certificate in
            for right in certificate.rights {
                rights[right.collection] = right.mayWrite || rights[right.collection] ?? false
            }
        }
    }
}
