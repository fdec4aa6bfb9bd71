import EasySetupChain
import EasySetupSeed
import EasySetupTesting
import SeededRandom

/// Devices without the seed that write what is not theirs to write, and those that leave.
extension ChainWorld {
    /// The objects of a collection that a device holds.
    static let objects = 40

    /// A device with the seed looks after the others.
    func touch(_ device: SimulatedDevice) async {
        await perform(device, "touches") { _ = try await $0.touch() }
    }

    /// A device without the seed leaves, or does what harm it can where all devices may write.
    func attackOrLeave(_ device: SimulatedDevice) async {
        guard device.callsLeft == nil else { return }
        guard !random.once(in: 6) else {
            var isDone = false
            device.mayBeOut = true
            await perform(device, "leaves") {
                try await $0.leave()
                isDone = true
            }
            device.hasLeft = isDone
            return
        }
        guard let chain = device.chain else { return }
        let own = device.id.text
        let others = devices.map(\.id.text).filter { $0 != own }
        let changes: [Change]
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1: changes = others.map { Change(object: $0, operation: .delete, knownDeletion: nil) }
        case 2:
            fills += 1
            changes = (0...Self.objects).map { number in
                let id = DeviceID(value: UInt64(attacks * 1_000 + number + 1_000))
                return Change(object: id.text, operation: .set(["name": [65]]), knownDeletion: nil)
            }
        case 3:
            // Says of others that they have the seed, and that they have left, with a signature of its own.
            let signature = device.membership.map(LeaveStatement.bytes(by:))
            changes = others.map {
                Change(object: $0, operation: .set(["tier": [49], "leave": signature]), knownDeletion: nil)
            }
        default:
            // Says of others that they can't open their boxes.
            var claims: [UInt8] = []
            for name in names {
                guard let reader = await devices[0].chain?.reader(name) else { continue }
                let generations = reader.generations.sorted()
                let held = random.pick(generations) ?? 1
                claims += CollectionID(of: name, seed: chainSeed).bytes
                for number in [reader.newestGeneration, held] {
                    claims += (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
                }
            }
            changes = others.map {
                Change(object: $0, operation: .set(["unopened": claims]), knownDeletion: nil)
            }
        }
        attacks += 1
        let last = random.once(in: 3)
        for name in [CollectionName.devices, .requests] {
            guard let keys = await chain.reader(name)?.keys else { continue }
            let changes = name == .devices ? changes : changes.map { $0.renamed("grant:" + $0.object) }
            let made = try! RecordWriter.names(
                of: .changes(changes),
                previous: 0,
                time: last ? RecordTime.greatest : store.milliseconds,
                writer: device.id,
                keys: keys,
                entropy: entropy
            )
            for name in made.names { _ = try? await device.put(name) }
        }
        trace("\(device.name) attacks at \(store.milliseconds)")
    }

    /// What a hostile device could do if it could write among the notes: it deletes those of all certificates, and the next key
    /// has no boxes.
    func deleteNotes() {
        guard mutation == .deletesNotes else { return }
        let notes = devices.filter { $0.membership != nil }.map {
            Change(
                object: "certificate:\($0.id.text):0:\(devices[0].id.text)",
                operation: .delete,
                knownDeletion: nil
            )
        }
        guard !notes.isEmpty else { return }
        forge(.changes(notes), .collections, time: RecordTime.greatest, current: 1)
        for name in names {
            let change = try! KeyChange(
                of: name,
                generation: .max,
                devices: [:],
                seed: chainSeed,
                entropy: entropy
            )
            forge(.keyChange(change), name, time: store.milliseconds, current: 1)
        }
    }

    // MARK: The end

    /// A device with the seed reads who has left.
    func endLeaving() async {
        if devices.contains(where: \.hasLeft) { await touch(devices[0]) }
        if mutation == .hidesBoxes {
            for device in devices where device.membership != nil { device.hidden = boxes(for: device.id) }
        }
        guard mutation == .givesKeyToLeft, let left = devices.first(where: \.hasLeft), let membership = left.membership
        else { return }
        for name in names where left.mayRead(name) {
            guard let reader = await devices[0].chain?.reader(name) else { continue }
            let change = try! KeyChange(
                of: name,
                generation: max(reader.newestGeneration, 2),
                devices: [left.id: membership.certificate.boxKey],
                seed: chainSeed,
                entropy: entropy
            )
            forge(.keyChange(change), name, time: store.milliseconds, current: 1).forEach { stored($0) }
        }
    }

    /// The names of the key changes that have a box for a device.
    private func boxes(for device: DeviceID) -> Set<String> {
        var all: Set<String> = []
        for name in names {
            var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
            for stored in assembler.add(history.map { ObjectPage.Entry(name: $0, lastModified: 0) }) {
                guard case .keyChange(let change) = stored.record.content, change.boxes[device] != nil else { continue }
                all.formUnion(stored.record.names)
            }
        }
        return all
    }

    /// Whether a device has the newest key of a collection.
    func judgeKeys(_ device: SimulatedDevice, _ name: CollectionName) async -> Bool {
        guard device.membership != nil, let newest = await devices[0].chain?.reader(name)?.newestGeneration,
            let keys = await device.chain?.reader(name)?.keys, keys.current < newest
        else { return true }
        if device.mayBeOut { return false }
        breach(.stays, "\(device.name) has generation \(keys.current) of \(name), and the newest one is \(newest)")
        return false
    }

    /// A device that has left gets no key of what is written afterwards, whatever others have written over its word; unless a device
    /// with the seed had to empty a collection that another one had filled, before it could read the word.
    func judgeLeaving() async {
        let removed = await devices[0].chain?.removedDevices ?? []
        for device in devices where device.hasLeft && (fills == 0 || removed.contains(device.id)) {
            for name in names where device.mayRead(name) {
                await perform(device, "lists \(name)") { _ = try await $0.list(name.text) }
                let newest = await devices[0].chain?.reader(name)?.newestGeneration ?? 1
                guard let keys = await device.chain?.reader(name)?.keys, keys.current >= newest else { continue }
                breach(.removed, "\(device.name) has left, and has generation \(newest) of \(name)")
            }
        }
    }
}

extension Change {
    fileprivate func renamed(_ object: String) -> Change {
        Change(object: object, operation: operation, knownDeletion: knownDeletion)
    }
}
