import EasySetupSeed

extension Chain {
    // MARK: Devices

    /// Writes this device's record, so that the others see it. Joining again changes the record of the first time. Where other
    /// devices have written more than may be read there, nothing is written; ``touch()`` says later that the record is missing.
    /// - Parameters:
    ///   - name: the person's name for this device.
    ///   - platform: the kind of system, such as `linux` or `ios`.
    /// - Throws: ``ChainError/Code/deviceRemoved`` on a device that has the seed, under an id that a removed device had: it
    ///   draws another one; ``ChainError/Code/recordTooLarge``; the errors of the store and of the service.
    public func join(name: String, platform: String) async throws(ChainError) {
        if case .seed = holder {
            // A note that does not know of its deletion brings nothing back.
            try await refresh(.collections)
            // The record would be hidden, as that of every removed device.
            if removedDevices.contains(device) { throw .service(.problem(.deviceRevoked)) }
            try await noteHolder(again: true)
        }
        // Where another device has filled the collection, the record is written when it is found missing.
        guard try await refreshKeys(.devices) else { return }
        let certificate: [UInt8] =
            if case .membership(let membership) = holder { membership.certificate.bytes } else { [] }
        let record = ChainDevice(
            id: device,
            name: name,
            platform: platform,
            hasSeed: certificate.isEmpty,
            lastSeen: today,
            certificate: certificate
        )
        try await write([(device.text, .put(record.attributes))], in: .devices)
    }

    /// Brings this device's record up to date, if it is there: the day on which it was seen, and its certificate, after a
    /// new one was granted. A device without the seed deletes its requests that are answered, and says which keys it was given
    /// in boxes that it can't open. An app calls this when it starts, and once a day. On a device with the seed it gives keys
    /// that others lack by mistake, notes certificates that were not, grants again what a device has not got, ends removals that
    /// another device did not end, shuts out devices that have left and those whose certificates have ended, and makes the names
    /// of the chain's own collections fewer.
    /// - Returns: whether the record is there. Any device may delete it; the app joins again then.
    /// - Throws: the errors of ``join(name:platform:)``.
    @discardableResult public func touch() async throws(ChainError) -> Bool {
        // By the noted certificates it knows whose word it is that a device leaves.
        if case .seed = holder, reader(.collections)?.cursor.age(at: clock.elapsed) == nil {
            try await refresh(.collections)
        }
        let isReadable = try await refreshKeys(.devices)
        let isThere = isReadable ? try await touchRecord() : false
        guard case .seed = holder else { return isThere || !isReadable }
        if isThere { try await noteHolder() }
        try await noteMissingCertificates()
        try await endMemberships()
        try await grantAgain()
        // Without a write, too, a removal that another device did not end is ended, and a device that was left out gets its key.
        for name in readCollections where name != .collections {
            try await readyKeys(of: name)
            try await addMissingBoxes(to: name)
        }
        try await compactOwn()
        return isThere || !isReadable
    }

    /// Brings this device's record up to date. Returns whether it is there.
    private func touchRecord() async throws(ChainError) -> Bool {
        guard let attributes = reader(.devices)?.state.object(device.text),
            let known = ChainDevice(device.text, attributes)
        else { return false }
        var changes: [String: [UInt8]?] = [:]
        if known.lastSeen != today { changes["seen"] = Array(String(today).utf8) }
        if case .membership(let membership) = holder, known.certificate != membership.certificate.bytes {
            changes["certificate"] = membership.certificate.bytes
            try await deleteRequests(answeredOnly: true)
        }
        if case .membership(let membership) = holder {
            for collection in membership.collections { try await refreshIfAllowed(collection.name) }
            let unopened = UnopenedBox.written(unopenedBoxes)
            if attributes[UnopenedBox.attribute] != unopened {
                changes.updateValue(unopened, forKey: UnopenedBox.attribute)
            }
        }
        if !changes.isEmpty { try await write([(device.text, .update(changes))], in: .devices) }
        return true
    }

    /// Deletes this device's own objects among the requests.
    func deleteRequests(answeredOnly: Bool) async throws(ChainError) {
        guard case .membership = holder else { return }
        try await refresh(.requests)
        let objects = ownRequestObjects(answeredOnly: answeredOnly)
        if !objects.isEmpty { try await write(objects.map { ($0, .delete) }, in: .requests) }
    }

    /// The devices of the chain that have joined, in the order of their names. Names and platforms are the devices' own words.
    ///
    /// On a device with the seed they are those that have noted that they have the seed, and those with a certificate. Without
    /// the seed nobody can tell, and a device is what its record says. Where other devices have written more among these records
    /// than may be read, a device with the seed finds none: ``absentDevices()`` has those with a certificate.
    public func devices() async throws(ChainError) -> [ChainDevice] {
        if case .seed = holder {
            try await refresh(.collections)
            try await refreshKeys(.devices)
        } else {
            try await refresh(.devices)
        }
        return knownDevices.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// The devices that the records which were read name, without those that were removed. With the seed, a record is taken for a
    /// device's if the device has noted that it has the seed, or has a certificate.
    var knownDevices: [ChainDevice] {
        let removed = removedDevices
        let records = living(.devices).compactMap { ChainDevice($0.object, $0.attributes) }
            .filter { !removed.contains($0.id) }
        guard case .seed(let seed) = holder else { return records }
        let (holders, certified) = (notedHolders, Set(notedCertificates.map(\.certificate.device)))
        return records.compactMap { record in
            // A device that was given a certificate has drawn no id of a device with the seed.
            let hasSeed = holders.contains(record.id) && !certified.contains(record.id)
            guard hasSeed || certified.contains(record.id) || recordedCertificate(of: record.id, seed) != nil else {
                return nil
            }
            return record.withSeed(hasSeed)
        }
    }

    /// The objects of a collection, as far as they were read.
    func living(_ name: CollectionName) -> ChainObjects { (reader(name)?.state ?? CollectionState()).living }

    private var today: Int { Int(clock.date / 86_400_000) }
}
