import EasySetupSeed

/// A device without the seed that was given a membership and has no record among the chain's devices: it has not joined, or
/// it has left, or another device has deleted its record.
public struct AbsentDevice: Hashable, Sendable {
    /// The device's id.
    public let id: DeviceID
    /// The rights of its newest certificate, as far as the names of the collections are known.
    public let scope: AccessScope
    /// Whether it has left: it says so, signed. It is shut out when a device with the seed looks, within a day.
    public let hasLeft: Bool
}

/// A certificate that was noted among the collections, where devices without the seed can't write
/// (`Protocol/chain.md`, "Noted certificates").
struct NotedCertificate {
    /// The id of the note's object.
    let object: String
    let certificate: Certificate
    /// The names that the note gives, for collections of the certificate.
    let names: [CollectionName]

    private static let prefix = "certificate:"

    /// The id of the note of a certificate that a device makes.
    static func object(of certificate: Certificate, by maker: DeviceID) -> String {
        prefix + "\(certificate.device.text):\(certificate.serial):\(maker.text)"
    }

    /// Reads a note; nil if the object is none.
    /// - Parameter read: reads a certificate and checks that a holder of the seed signed it.
    init?(_ object: String, _ attributes: [String: [UInt8]], _ read: ([UInt8]) -> Certificate?) {
        guard object.hasPrefix(Self.prefix), let certificate = attributes["certificate"].flatMap(read),
            object.hasPrefix(Self.prefix + certificate.device.text + ":")
        else { return nil }
        self.object = object
        self.certificate = certificate
        names = String(decoding: attributes["names"] ?? [], as: UTF8.self).split(separator: "\n")
            .compactMap { CollectionName(any: String($0)) }
    }

    /// The attributes of a note.
    static func attributes(_ certificate: Certificate, _ names: some Sequence<CollectionName>) -> [String: [UInt8]] {
        let text = Set(names.map(\.text)).sorted().joined(separator: "\n")
        return ["certificate": certificate.bytes, "names": Array(text.utf8)]
    }
}

extension Chain {
    // MARK: Noted certificates

    /// The devices without the seed that have a membership that has not ended and no record, on a device with the seed, in the
    /// order of their ids. Such a device can be removed as others can.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed.
    public func absentDevices() async throws(ChainError) -> [AbsentDevice] {
        guard case .seed(let seed) = holder else { throw .notHeld }
        try await refresh(.collections)
        try await refreshKeys(.devices)
        let present = removedDevices.union(knownDevices.map(\.id))
        let now = (storeTime ?? 0) / 1_000
        var newest: [DeviceID: Certificate] = [:]
        for certificate in notedCertificates.map(\.certificate) where (try? certificate.checkTime(now)) != nil {
            let other = newest[certificate.device]
            if other.map({ $0.serial < certificate.serial }) ?? true { newest[certificate.device] = certificate }
        }
        let (names, left) = (collectionNames(seed), Set(devicesThatLeft(seed).keys))
        return newest.filter { !present.contains($0.key) }.sorted { $0.key < $1.key }.map { device, certificate in
            let rights = certificate.rights.compactMap { right in
                names[right.collection].map { ($0, right.mayWrite) }
            }
            let shown = Dictionary(rights.filter { !$0.0.isReserved }, uniquingKeysWith: { one, _ in one })
            return AbsentDevice(
                id: device,
                scope: .collections(shown, notAfter: certificate.notAfter),
                hasLeft: left.contains(device)
            )
        }
    }

    /// Notes a certificate before its device has it, with the names of its collections. So the device can be removed when its
    /// record is not there, and whatever it writes.
    ///
    /// Notes that nobody needs any more go in the same record: those of other certificates of the device whose rights are all in
    /// this one.
    package func note(_ certificate: Certificate, _ names: some Sequence<CollectionName>) async throws(ChainError) {
        let unneeded = notedCertificates.filter { noted in
            noted.certificate.device == certificate.device && noted.certificate != certificate
                && certificate.covers([noted.certificate].rights)
        }
        let object = NotedCertificate.object(of: certificate, by: device)
        try await write(
            [(object, .put(NotedCertificate.attributes(certificate, names)))] + unneeded.map { ($0.object, .delete) },
            in: .collections
        )
    }

    /// Notes the certificates of devices that were given one without the chain's store, as far as their records are there.
    func noteMissingCertificates() async throws(ChainError) {
        guard case .seed(let seed) = holder else { return }
        if reader(.collections)?.cursor.age(at: clock.elapsed) == nil { try await refresh(.collections) }
        guard !missingCertificates(seed).isEmpty else { return }
        // Another device may have noted them since, or removed their devices.
        try await refresh(.collections)
        let names = collectionNames(seed)
        for certificate in missingCertificates(seed) {
            try await note(certificate, certificate.rights.compactMap { names[$0.collection] })
        }
    }

    /// The certificates in records that have a collection which no noted one of the device has.
    private func missingCertificates(_ seed: SyncSeed) -> [Certificate] {
        let noted = Dictionary(grouping: notedCertificates, by: \.certificate.device)
        let now = (storeTime ?? 0) / 1_000
        return knownDevices.compactMap { known in
            guard let certificate = recordedCertificate(of: known.id, seed), (try? certificate.checkTime(now)) != nil
            else { return nil }
            let rights = noted[known.id, default: []].flatMap(\.certificate.rights).map(\.collection)
            return Set(rights).isSuperset(of: certificate.rights.map(\.collection)) ? nil : certificate
        }
    }

    /// The certificate that a device's record has; nil unless it is the device's.
    func recordedCertificate(of device: DeviceID, _ seed: SyncSeed) -> Certificate? {
        guard let bytes = reader(.devices)?.state.object(device.text)?["certificate"],
            let certificate = certificate(bytes, seed), certificate.device == device
        else { return nil }
        return certificate
    }

    /// The certificates that were noted, as far as this device has read.
    var notedCertificates: [NotedCertificate] {
        guard case .seed(let seed) = holder else { return [] }
        return living(.collections).compactMap { object, attributes in
            NotedCertificate(object, attributes) { certificate($0, seed) }
        }
    }

    /// Reads a certificate. Before each write all of them are looked at, and a signature is checked once.
    private func certificate(_ bytes: [UInt8], _ seed: SyncSeed) -> Certificate? {
        if let known = certificates[bytes] { return known }
        guard let read = try? Certificate(bytes: bytes, of: seed.userID) else { return nil }
        certificates[bytes] = read
        return read
    }

    /// The names of collections by their ids: those that were noted, those of noted certificates, and those that every device
    /// may use.
    func collectionNames(_ seed: SyncSeed) -> [CollectionID: CollectionName] {
        let names = Set(knownCollections + notedCertificates.flatMap(\.names) + [.devices, .requests])
        return Dictionary(names.map { (CollectionID(of: $0, seed: seed), $0) }, uniquingKeysWith: { one, _ in one })
    }

    /// An id for a new device: none that a device of the chain has or had. A removed one is noted for good, so it would be
    /// shut out again.
    var freshDeviceID: DeviceID {
        let taken = removedDevices.union(living(.devices).compactMap { DeviceID(text: $0.object) })
            .union(notedCertificates.map(\.certificate.device)).union(notedHolders)
        while true {
            let drawn = DeviceID(value: entropy.publicBytes(DeviceID.byteCount).reduce(0) { $0 << 8 | UInt64($1) })
            if drawn != device, !taken.contains(drawn) { return drawn }
        }
    }
}
