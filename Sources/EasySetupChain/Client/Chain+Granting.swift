import EasySetupSeed

extension Chain {
    // MARK: Granting

    /// Grants a request, on a device with the seed: the device that asks gets a new certificate with the right beside all that
    /// it was granted, and the keys, in a record that only it can open.
    ///
    /// Two devices may grant at once. The one whose grant comes later sees the other's certificate among the notes then, and
    /// grants both.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; ``ChainError/Code/objectMissing`` if the request is not open
    ///   any more, or has changed; ``ChainError/Code/tooManyCollections``; ``ChainError/Code/collectionUnknown``.
    public func grant(_ request: CollectionRequest) async throws(ChainError) {
        guard case .seed(let seed) = holder else { throw .notHeld }
        // The grant is of the request that a person has seen.
        guard try await requests().contains(where: { $0.isSame(as: request) }) else { throw .objectMissing }
        let known = (notedCertificates.map(\.certificate) + knownRequests.map(\.certificate))
            .filter { $0.device == request.device }
        let certificates = certificates(of: request.device, known, seed)
        try await grant(certificates, and: [request.collection: request.mayWrite], seed)
        try await refresh(.collections)
        try await grantAgain(seed)
    }

    /// Grants devices again what they were granted and have not got, once a day: two devices with the seed have granted at once,
    /// or another device has written over the grant.
    func grantAgain() async throws(ChainError) {
        guard case .seed(let seed) = holder else { return }
        // Where each record has all that was noted, nobody waits.
        let noted = Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
        let isComplete = knownDevices.allSatisfy { known in
            guard let rights = noted[known.id]?.rights else { return true }
            return recordedCertificate(of: known.id, seed)?.covers(rights) ?? true
        }
        if !isComplete { try await grantAgain(seed) }
    }

    private func grantAgain(_ seed: SyncSeed) async throws(ChainError) {
        guard try await refreshKeys(.requests) else { return }
        for certificates in incompleteGrants(seed) {
            do throws(ChainError) {
                try await grant(certificates, and: [:], seed)
            } catch {
                // Rights that can't be in one certificate stay as they are, and hold up nothing else.
                guard [.tooManyCollections, .collectionUnknown].contains(error.code) else { throw error }
            }
        }
    }

    /// The certificates of each device that lacks a right which it was granted: neither its record, nor a request or a grant has
    /// a certificate with all of them, of which the one with the greatest serial counts. A device of which none of these is there
    /// was given its membership otherwise.
    private func incompleteGrants(_ seed: SyncSeed) -> [[Certificate]] {
        let removed = removedDevices
        let asked = Dictionary(grouping: knownRequests.map(\.certificate), by: \.device)
        let noted = Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
        return noted.filter { !removed.contains($0.key) }.sorted { $0.key < $1.key }.compactMap { device, noted in
            let asked = asked[device, default: []]
            let all = certificates(of: device, noted + asked, seed)
            let got = [recordedCertificate(of: device, seed), grant(to: device)?.certificate].compactMap(\.self)
            guard let newest = (got + asked).newest, let boxKey = all.first?.boxKey, newest.boxKey == boxKey,
                !newest.covers(all.rights)
            else { return nil }
            return all
        }
    }

    /// Grants the rights of certificates of one device, and others.
    private func grant(
        _ certificates: [Certificate],
        and more: [CollectionName: Bool],
        _ seed: SyncSeed
    ) async throws(ChainError) {
        guard let newest = certificates.newest else { throw .objectMissing }
        var rights = more
        let known = collectionNames(seed)
        for (collection, mayWrite) in certificates.rights {
            guard let name = known[collection] else { throw .collectionUnknown }
            rights[name] = mayWrite || rights[name] ?? false
        }
        let generations = try await newestGenerations(of: rights)
        let noted = notedCertificates.map(\.certificate).filter { $0.device == newest.device }.map(\.serial)
        let certificate = try Certificate(
            device: newest.device,
            signingKey: newest.signingKey,
            boxKey: newest.boxKey,
            collections: rights,
            generations: generations.compactMapValues { $0.max() },
            notAfter: newest.notAfter,
            serial: max(storeTime ?? 1, newest.serial + 1, (noted.max() ?? 0) + 1),
            seed: seed
        )
        let held = Membership.held(by: certificate, rights, generations, seed)
        let bytes = try Grant.bytes(certificate, held, seed: seed, entropy: entropy)
        // Noted first, where devices without the seed can't write: a removal changes the keys of what was ever granted, whatever
        // the device has written since.
        try await note(certificate, rights.keys)
        try await write([(Grant.object(newest.device), .put(["grant": bytes]))], in: .requests)
    }

    /// The certificates of a device that have not ended, with the box key of the newest of them: the given ones, which are noted or
    /// in its requests, and those in its record and its grant.
    func certificates(of device: DeviceID, _ given: [Certificate], _ seed: SyncSeed) -> [Certificate] {
        let now = (storeTime ?? 0) / 1_000
        let all = (given + [recordedCertificate(of: device, seed), grant(to: device)?.certificate].compactMap(\.self))
            .filter { (try? $0.checkTime(now)) != nil }
        guard let boxKey = all.newest?.boxKey else { return [] }
        return all.filter { $0.boxKey == boxKey }
    }
}
