import EasySetupChain
import EasySetupSeed
import EasySetupTesting

/// The end of a world: the devices come to rest, and the laws are checked.
extension ChainWorld {
    func finish() async {
        hasFaults = false
        withheld = [:]
        store.change {
            $0.lateListing = .zero
            $0.clockError = .zero
            $0.pageLimit = .max
        }
        deleteLate()
        store.advance(by: .seconds(90_000))
        for device in devices where device.callsLeft != nil { await start(device) }
        if mutation == .hidesFromOne, let device = devices.last(where: \.isThere) {
            await start(device)
            device.hidden = Set(history)
        }
        deleteNotes()
        var newest: [CollectionName: Set<UInt32>] = [:]
        let rights = Dictionary(uniqueKeysWithValues: names.map { ($0, true) })
        await perform(devices[0], "gives a membership") { newest = try await $0.newestGenerations(of: rights) }
        await endLeaving()
        let oracles = names.map { oracle($0) }
        for (name, oracle) in zip(names, oracles) {
            if mutation == .claimsKnowledge, let gone = oracle.state.sorted.first(where: { $0.state.attributes == nil })
            {
                let clock = oracle.state.clocks.max { $0.key < $1.key }!
                let known = gone.state.lastDeletion
                let change = Change(object: gone.object, operation: .set(["a": [1]]), knownDeletion: known)
                forge(.changes([change]), name, time: clock.value + 1, current: clock.key)
            }
            for entry in acknowledged where entry.name == name && !oracle.stamps.contains(entry.stamp) {
                breach(.acknowledged, "a write to \(name) was acknowledged and never stored")
            }
            for device in devices where device.isThere && device.mayRead(name) {
                await perform(device, "lists \(name)") { _ = try await $0.list(name.text) }
                let reader = await device.chain?.reader(name)
                guard await judgeKeys(device, name) else { continue }
                compare(reader?.state, oracle.state, .agreement, device.name)
            }
            judgeLateDeletions(name, oracle.state)
            await newcomer(nil, name, oracle.state)
            await newcomer(membership(newest), name, oracle.state)
        }
        judgeRemovals()
        await judgeLeaving()
        // A store whose clock was set back holds objects from the future, which settle when their time comes.
        if !wasSetBack { await judgeSize() }
    }

    /// The state after all writes that were ever stored, or after all but some of them.
    private func oracle(
        _ name: CollectionName,
        without: Set<String> = []
    ) -> (state: CollectionState, stamps: Set<Stamp>) {
        var state = CollectionState()
        var stamps: Set<Stamp> = []
        var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
        let entries = history.filter { !without.contains($0) }.map { ObjectPage.Entry(name: $0, lastModified: 0) }
        let records = assembler.add(entries).map(\.record)
        var forgotten: [String: Stamp] = [:]
        for record in records {
            // The stamp of a key change, too: after a deletion of nothing it is the device's last one.
            stamps.insert(record.stamp)
            guard case .changes(let changes) = record.content, let floor = anew[record.stamp] else { continue }
            for change in changes { forgotten[change.object] = max(forgotten[change.object] ?? floor, floor) }
        }
        for record in records {
            guard case .changes(let changes) = record.content else { continue }
            for change in changes where forgotten[change.object].map({ record.stamp > $0 }) ?? true {
                state.merge(change, stamp: record.stamp)
            }
        }
        return (state, stamps)
    }

    private func compare(_ state: CollectionState?, _ oracle: CollectionState, _ law: ChainLaw, _ who: String) {
        guard let state else { return breach(law, "\(who) has no state") }
        let expected = Dictionary(uniqueKeysWithValues: oracle.living.map { ($0.object, $0.attributes) })
        let found = Dictionary(uniqueKeysWithValues: state.living.map { ($0.object, $0.attributes) })
        for object in found.keys.sorted() where expected[object] == nil {
            breach(.deleted, "\(who) has \(object) again")
        }
        for (object, attributes) in expected.sorted(by: { $0.key < $1.key }) where found[object] != attributes {
            breach(law, "\(who) has lost a write of \(object)")
        }
    }

    private func newcomer(_ membership: Membership?, _ name: CollectionName, _ oracle: CollectionState) async {
        let device = SimulatedDevice(50, membership, self, dateError: 0)
        if mutation == .hidesFromNewcomer { device.hidden = Set(history) }
        if mutation == .hidesEarlierKeys { device.hidden = earlierKeys(name) }
        await start(device)
        await perform(device, "lists \(name)") { _ = try await $0.list(name.text) }
        let who = membership == nil ? "a newcomer" : "a newcomer with the newest key"
        compare(await device.chain?.reader(name)?.state, oracle, .newcomer, who)
        device.chain = nil
    }

    /// The membership of a newcomer that has the newest key of each collection.
    private func membership(_ newest: [CollectionName: Set<UInt32>]) -> Membership {
        try! Membership(
            device: DeviceID(value: 50),
            deviceKeys: .random(entropy),
            collections: Dictionary(uniqueKeysWithValues: names.map { ($0, true) }),
            generations: newest,
            seed: chainSeed
        )
    }

    private func earlierKeys(_ name: CollectionName) -> Set<String> {
        var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
        let records = assembler.add(history.map { ObjectPage.Entry(name: $0, lastModified: 0) }).map(\.record)
        return Set(records.filter { if case .earlierKeys = $0.content { true } else { false } }.flatMap(\.names))
    }

    /// The values that were written under later keys are what they would be without the deletions of removed devices. Each value
    /// of a world is another one, so it tells its write.
    private func judgeLateDeletions(_ name: CollectionName, _ state: CollectionState) {
        guard !lateDeletions.isEmpty else { return }
        let spared = oracle(name, without: lateDeletions).state
        for (object, attributes) in spared.living {
            let writes = spared.state(of: object)?.writes ?? []
            for (attribute, value) in attributes {
                let own = writes.filter { $0.attribute == attribute && $0.value == value }
                guard own.allSatisfy({ $0.stamp.generation > 1 }), state.object(object)?[attribute] != value else {
                    continue
                }
                breach(.removed, "a removed device has deleted \(object).\(attribute) in \(name), of a later key")
            }
        }
    }

    /// The generations of a collection of which a key change has a box for a device.
    private func boxed(_ device: DeviceID, _ name: CollectionName) -> Set<UInt32> {
        var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
        let records = assembler.add(history.map { ObjectPage.Entry(name: $0, lastModified: 0) }).map(\.record)
        return Set(
            records.compactMap { record in
                guard case .keyChange(let change) = record.content else { return nil }
                return change.boxes[device] == nil ? nil : change.generation
            }
        )
    }

    private func judgeRemovals() {
        let entries = history.map { ObjectPage.Entry(name: $0, lastModified: 0) }
        for device in devices where device.isRemoved {
            guard let membership = device.membership else { continue }
            for name in names {
                guard let keys = KeyRing(name: name, membership: membership) else { continue }
                // Two devices may begin generations at once: a later one may have a box for the removed device, too.
                let boxed = boxed(device.id, name)
                let under = (underGeneration[device.number] ?? [:]).filter { !boxed.contains($0.value) }
                let written = (afterRemoval[device.number] ?? []).union(under.keys)
                var assembler = RecordAssembler(keys: keys)
                for stored in assembler.add(entries) where !written.isDisjoint(with: stored.record.names) {
                    // A device that was left out gets the newest key under an older one: in a box that no other device opens.
                    if case .keyChange(let change) = stored.record.content, change.boxes[device.id] == nil { continue }
                    let stamp = stored.record.stamp
                    breach(
                        .removed,
                        "\(device.name) reads what device \(stamp.writer.value) wrote to \(name) under generation"
                            + " \(stamp.generation) at \(stamp.time) after its removal"
                    )
                }
            }
        }
    }

    private func judgeSize() async {
        // The horizon passes, and a device compacts now and then.
        store.advance(by: .seconds(100 * 86_400))
        let first = devices[0]
        // A collection that a hostile device has filled is too much for a device with the limit of this world.
        await first.chain?.limit(ChainLimits())
        await first.chain?.forgetAll()
        for _ in 0..<4 {
            for name in names + CollectionName.reserved {
                await perform(first, "compacts \(name)") { try await $0.compact(name, minimum: 1) }
            }
            store.advance(by: .seconds(90_000))
        }
        for name in names + CollectionName.reserved {
            var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
            // The names that the meddling store has made of others are there, too, and what members have put there.
            let prefix = place(name).prefix
            let present = store.names.sorted().filter { $0.hasPrefix(prefix) }
            var signed: Set<Signed> = []
            var records: [StoredRecord] = []
            var used: Set<String> = []
            var lists = 0
            for stored in assembler.add(present.map { ObjectPage.Entry(name: $0, lastModified: 0) }) {
                used.formUnion(stored.record.names)
                if !signed.insert(Signed(stamp: stored.record.stamp, content: stored.record.content)).inserted {
                    breach(.size, "a copy of what is signed in \(name) stays")
                }
                switch stored.record.content {
                case .keyChange: break
                case .earlierKeys: lists += 1
                case .changes: breach(.size, "a record of \(name) stays for ever")
                case .snapshot: records.append(stored)
                }
            }
            if lists > 1 { breach(.size, "\(lists) records of earlier keys of \(name) stay") }
            let (whole, rest) = Snapshot.assembled(records)
            if whole.count > 1 || !rest.isEmpty {
                breach(.size, "\(whole.count) snapshots and \(rest.count) pieces stay")
            }
            // A deletion whose stamp is in the future, as the store's clock was wrong, waits for its time.
            let now = store.milliseconds
            let old = (whole.last?.state.sorted ?? []).filter { entry in
                entry.state.attributes == nil && (entry.state.lastDeletion?.time ?? 0) + 95 * 86_400_000 <= now
            }
            if !old.isEmpty { breach(.size, "\(old.count) deletions of \(name) are never forgotten") }
            let strays = Set(present).subtracting(used)
            if !strays.isEmpty { breach(.size, "\(strays.count) objects of \(name) that are no part of a record stay") }
        }
    }
}
