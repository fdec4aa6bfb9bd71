import EasySetupSeed

extension Chain {
    // MARK: Devices that have left, and certificates that have ended

    /// Shuts out the devices that say, signed, that they have left, and those whose certificates have ended, as a removal does:
    /// a device that is no more among the chain's reads nothing that is written from then on. Where a key has had half of its
    /// generations, the notes of the certificates stay, and a person may remove the device.
    func endMemberships() async throws(ChainError) {
        guard case .seed(let seed) = holder else { return }
        if reader(.collections)?.cursor.age(at: clock.elapsed) == nil { try await refresh(.collections) }
        var ended = endedDevices(seed)
        guard !ended.isEmpty else { return }
        let names = collectionNames(seed)
        for collection in Set(ended.values.flatMap(\.self)) {
            guard let name = names[collection] else { continue }
            try await refreshKeys(name)
            if reader(name).map({ $0.generations.count >= GenerationLimits.spared }) ?? true {
                ended = ended.filter { !$0.value.contains(collection) }
            }
        }
        guard !ended.isEmpty else { return }
        let left = devicesThatLeft(seed)
        _ = try await shutOut(ended, seed)
        departed.formUnion(ended.keys.filter { left[$0] != nil })
    }

    /// The devices that have left, those whose certificates have all ended, and those that were removed while another device noted
    /// a certificate for them, with the collections that each could read.
    private func endedDevices(_ seed: SyncSeed) -> [DeviceID: Set<CollectionID>] {
        let (removed, noted) = (removedDevices, notedRemovals)
        return Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
            .filter { $0.value.allSatisfy(hasEnded) }
            .merging(devicesThatLeft(seed)) { $1 }
            .filter { !removed.contains($0.key) }
            .mapValues { Set($0.flatMap(\.rights).map(\.collection)) }
            .merging(rightsNotedBeside(removed).map { ($0, $1.union(noted[$0] ?? [])) }) { $1 }
    }

    /// Notes the devices that say in what was just read, signed by the key of a noted certificate, that they leave. Others may
    /// write over such a record before a device with the seed looks; a listing shows it all the same.
    func noteLeaves() {
        guard reader(.collections)?.cursor.age(at: clock.elapsed) != nil,
            let leaves = readers[.devices]?.takeLeaves(), !leaves.isEmpty
        else { return }
        let noted = Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
        for (device, statement) in leaves where saidToLeave[device] == nil {
            guard let certificates = noted[device] else { continue }
            if certificates.contains(where: { LeaveStatement.isSigned(statement, by: $0) }) {
                saidToLeave[device] = certificates
            }
        }
    }

    /// The devices that say, signed, that they have left, and their certificates.
    func devicesThatLeft(_ seed: SyncSeed) -> [DeviceID: [Certificate]] {
        noteLeaves()
        let noted = Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
        var left = saidToLeave.merging(noted) { $1 }.filter { saidToLeave[$0.key] != nil }
        for (object, attributes) in living(.devices) {
            guard let device = DeviceID(text: object), let leave = attributes[LeaveStatement.attribute] else {
                continue
            }
            let certificates = noted[device, default: []] + [recordedCertificate(of: device, seed)].compactMap(\.self)
            if certificates.contains(where: { LeaveStatement.isSigned(leave, by: $0) }) { left[device] = certificates }
        }
        return left
    }

    /// Whether a certificate has ended a day ago, by the store's time and by this device's date: one of them may be wrong.
    private func hasEnded(_ certificate: Certificate) -> Bool {
        let now = min(storeTime ?? 0, clock.date)
        guard now > Compaction.orphanAge else { return false }
        return (try? certificate.checkTime((now - Compaction.orphanAge) / 1_000)) == nil
    }
}
