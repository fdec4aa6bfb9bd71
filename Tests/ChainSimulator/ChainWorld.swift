import EasySetupChain
import EasySetupSeed
import EasySetupTesting
package import SeededRandom
import Synchronization

/// Up to eight devices of one chain, with and without the seed, at a store with bad manners, drawn from a seed. The same
/// seed gives the same course.
///
/// The chains are the real ones. Before each call of the store another device may take a whole turn, and each device may die
/// at each call. What the devices must have in the end is computed from all that was ever stored, without snapshots and
/// floors.
package final class ChainWorld: @unchecked Sendable {
    // One task runs a world, so nothing is used twice at once.
    package let seed: UInt64
    package let mutation: ChainMutation?
    package var random: SplitMix
    package private(set) var breaches: [ChainBreach] = []
    /// A digest of everything that happened.
    package private(set) var course: UInt64 = 0
    package var tracer: ((String) -> Void)?
    package private(set) var writes = 0
    package private(set) var compactions = 0
    package private(set) var removals = 0
    package var attacks = 0
    /// How often a device has filled the collections that all write to.
    var fills = 0

    let store: MemoryObjectStore
    let chainSeed: SyncSeed
    let entropy: ChainEntropy
    private(set) var devices: [SimulatedDevice] = []
    let names: [CollectionName]
    /// All names that were ever stored by devices, in their order.
    private(set) var history: [String] = []
    var stored: Set<String> = []
    var withheld: [String: UInt64] = [:]
    var acknowledged: [(name: CollectionName, stamp: Stamp)] = []
    /// The writes that made an object of which their device knew nothing else, with the floor that the device had: up to
    /// there everything else of the object was forgotten or dead.
    var anew: [Stamp: Stamp] = [:]
    /// What was written by devices that had heard of a removal, by the removed device.
    var afterRemoval: [Int: Set<String>] = [:]
    /// The names that devices wrote which knew the generation of a removal or a later one, and that generation.
    var underGeneration: [Int: [String: UInt32]] = [:]
    private var removedGenerations: [Int: [CollectionName: UInt32]] = [:]
    /// The names of deletions that removed devices have stored.
    var lateDeletions: Set<String> = []
    /// What was put there that is no part of a record, or a copy of one, by its kind.
    var litter: [Litter: Set<String>] = [:]
    private var depth = 0
    private let listsLate: Bool
    /// Whether the store's clock is ahead until the end, when it is set right.
    let wasSetBack: Bool
    private var isRemoving = false
    var hasFaults = false
    private var value = 0

    package init(seed: UInt64, mutation: ChainMutation? = nil) {
        self.seed = seed
        self.mutation = mutation
        var random = SplitMix(state: seed &* 0x2545_F491_4F6C_DD1D &+ 99)
        let bytes = Mutex(random.fork())
        entropy = ChainEntropy { count in
            let drawn = bytes.withLock { $0.bytes(count) }
            return SecretBytes(copying: drawn.span.bytes)
        }
        let secret = random.bytes(32)
        chainSeed = try! SyncSeed(bytes: SecretBytes(copying: secret.span.bytes))
        names = [try! CollectionName("notes"), try! CollectionName("history")]
        var manners = MemoryObjectStore.Manners()
        manners.roundsToSeconds = random.once(in: 2)
        manners.listsByFolder = random.once(in: 2)
        manners.pageLimit = random.once(in: 3) ? Int.random(in: 1...5, using: &random) : .max
        listsLate = random.once(in: 2)
        if listsLate { manners.lateListing = random.seconds(0...300) }
        if random.once(in: 4) {
            manners.clockError = .seconds(Int64.random(in: -90_000_000...90_000_000, using: &random))
        }
        wasSetBack = manners.clockError > .zero
        store = MemoryObjectStore(manners: manners)
        self.random = random
        let year: Int64 = 365 * 86_400_000
        for number in 1...Int.random(in: 2...8, using: &self.random) {
            // The first device has the seed, and a date that is right, so that somebody forgets.
            let hasSeed = number == 1 || self.random.once(in: 2)
            let error =
                number == 1 || self.random.once(in: 2)
                ? 0 : Int64.random(in: -20 * year...20 * year, using: &self.random)
            devices.append(SimulatedDevice(number, hasSeed ? nil : member(number), self, dateError: error))
        }
    }

    private func member(_ number: Int) -> Membership {
        var rights = [names[0]: random.once(in: 2)]
        if random.once(in: 2) { rights[names[1]] = true }
        return try! Membership(
            device: DeviceID(value: UInt64(number)),
            deviceKeys: .random(entropy),
            collections: rights,
            seed: chainSeed
        )
    }

    /// Starts a device anew; it has nothing but its id, its keys and its memory.
    func start(_ device: SimulatedDevice) async {
        device.callsLeft = nil
        let keep: @Sendable (ChainMemory) async -> Void = { [unowned device] in device.memory = $0 }
        if let membership = device.membership {
            device.chain = Chain(
                membership: membership,
                store: device,
                memory: device.memory,
                keep: keep,
                clock: device,
                entropy: entropy
            )
        } else {
            device.chain = Chain(
                seed: chainSeed,
                device: device.id,
                store: device,
                memory: device.memory,
                keep: keep,
                clock: device,
                entropy: entropy
            )
        }
        // Few enough that a hostile device can fill a collection.
        await device.chain?.limit(ChainLimits(objects: Self.objects))
    }

    func breach(_ law: ChainLaw, _ what: String) {
        breaches.append(ChainBreach(law: law, what: what))
        trace("BROKEN \(law.rawValue): \(what)")
    }

    func trace(_ what: String) {
        for byte in what.utf8 { course = (course ^ UInt64(byte)) &* 0x100_0000_01B3 }
        tracer?(what)
    }

    // MARK: The run

    /// Runs the world to its end and judges it.
    package func run() async {
        for device in devices { await start(device) }
        for device in devices { await perform(device) { try await $0.join(name: device.name, platform: "Linux") } }
        for name in names { await perform(devices[0]) { try await $0.note(name.text) } }
        for device in devices {
            guard let certificate = device.membership?.certificate else { continue }
            await perform(devices[0]) { [names] in try await $0.note(certificate, names) }
        }
        // A device whose certificate nobody sees yet gets no box of a new key; it gets one later.
        store.advance(by: .seconds(600))
        hasFaults = true
        for _ in 0..<Int.random(in: 10...40, using: &random) {
            advance()
            meddle()
            litterAnything()
            guard let device = random.pick(devices.filter(\.isThere)) else { continue }
            await turn(device)
        }
        await finish()
        // A chain holds its store, which is the device.
        for device in devices { device.chain = nil }
    }

    private func advance() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: store.advance(by: .seconds(86_400 * Int64.random(in: 1...100, using: &random)))
        case 1...4: store.advance(by: random.seconds(600...86_400))
        default: store.advance(by: random.seconds(0...60))
        }
    }

    /// Another device may take a turn between two calls of this one.
    func between(_ device: SimulatedDevice) async {
        store.advance(by: random.milliseconds(0...400))
        guard depth == 0, hasFaults, random.once(in: 10) else { return }
        guard let other = random.pick(devices.filter { $0 !== device && $0.isThere && $0.callsLeft == nil }) else {
            return
        }
        depth += 1
        await turn(other)
        depth -= 1
    }

    private func turn(_ device: SimulatedDevice) async {
        device.knownRemovals = await device.chain?.removedDevices ?? []
        for name in names { device.generations[name] = await device.chain?.reader(name)?.keys.current ?? 1 }
        if random.once(in: 12) { device.callsLeft = Int.random(in: 0...6, using: &random) }
        let name = random.pick(names)!
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<11: await write(device, name)
        case 11..<15:
            if device.mayRead(name) { await perform(device, "lists \(name)") { _ = try await $0.list(name.text) } }
        case 15..<18:
            if device.membership == nil {
                await perform(device, "compacts \(name)") { try await $0.compact(name.text, minimum: 3) }
                compactions += 1
            }
        case 18: await remove(by: device)
        default:
            if device.membership != nil {
                await attackOrLeave(device)
            } else if random.once(in: 2) {
                await touch(device)
            } else if let own = random.pick(CollectionName.reserved) {
                await perform(device, "compacts \(own)") { try await $0.compact(own, minimum: 3) }
            }
        }
        if mutation == .ignoresNotes { ignoreNotes(device) }
        if mutation == .writesElsewhere, device.membership != nil {
            let foreign = RecordPlace(
                userID: chainSeed.userID,
                collection: CollectionID(of: .collections, seed: chainSeed)
            )
            _ = try? await device.put(foreign.prefix + "x")
        }
        if device.callsLeft != nil {
            trace("\(device.name) starts anew")
            await start(device)
        }
    }

    func perform(_ device: SimulatedDevice, _ what: String = "acts", _ body: (Chain) async throws -> Void) async {
        guard let chain = device.chain else { return }
        do {
            try await body(chain)
            trace("\(device.name) \(what) at \(store.milliseconds)")
        } catch let error as ChainError {
            trace("\(device.name) \(what): \(error.name)")
        } catch {
            breach(.acknowledged, "\(device.name) threw \(error)")
        }
    }

    private func write(_ device: SimulatedDevice, _ name: CollectionName) async {
        guard device.mayWrite(name) else { return }
        let object = "object \(Int.random(in: 0..<4, using: &random))"
        value += 1
        let bytes = Array("value \(value) of \(device.name)".utf8)
        let attribute = random.once(in: 2) ? "a" : "b"
        let kind = Int.random(in: 0..<6, using: &random)
        let before = await device.chain?.reader(name)?.own
        var isDone = false
        await perform(device, "writes \(kind) \(object).\(attribute) in \(name)") { chain in
            switch kind {
            case 0...2: try await chain.put(object, in: name.text, [attribute: bytes])
            case 3: try await chain.update(object, in: name.text, [attribute: bytes])
            case 4: try await chain.update(object, in: name.text, [attribute: nil])
            default: try await chain.delete(object, in: name.text)
            }
            isDone = true
        }
        guard isDone, let reader = await device.chain?.reader(name), let own = reader.own, own != before else { return }
        if let floor = reader.state.floor, let state = reader.state.state(of: object), state.deletion == nil,
            state.writes.allSatisfy({ $0.stamp == own })
        {
            anew[own] = floor
        }
        writes += 1
        acknowledged.append((name, own))
    }

    private func remove(by device: SimulatedDevice) async {
        guard device.membership == nil, device.callsLeft == nil,
            let victim = random.pick(devices.filter { $0.membership != nil && $0.isThere })
        else { return }
        // Where a store lists late, two removals at the same time see each other only at the next write.
        guard !listsLate || depth == 0 && !isRemoving else { return }
        isRemoving = true
        defer {
            isRemoving = false
            if listsLate { store.advance(by: .seconds(600)) }
        }
        if listsLate { store.advance(by: .seconds(600)) }
        var isDone = false
        victim.mayBeOut = true
        await perform(device, "removes \(victim.name)") { chain in
            // Where the store withholds the note of a collection, its key is changed later.
            isDone = try await chain.remove(victim.id) == 0
        }
        guard isDone else { return }
        removals += 1
        (victim.isRemoved, victim.removedAt) = (true, store.milliseconds)
        for name in names where victim.mayRead(name) {
            let generation = await device.chain?.reader(name)?.keys.current ?? 1
            removedGenerations[victim.number, default: [:]][name] = generation
            guard mutation == .writesUnderOldKey else { continue }
            let change = Change(object: "object 0", operation: .set(["a": [1]]), knownDeletion: nil)
            for made in forge(.changes([change]), name, time: store.milliseconds + 1, current: 1) {
                stored(made)
                afterRemoval[victim.number, default: []].insert(made)
            }
        }
    }

    /// A device writes under the key of which a note says that a removed device has it, and has not heard of a later one.
    private func ignoreNotes(_ device: SimulatedDevice) {
        for victim in devices where victim.isRemoved && device.knownRemovals.contains(victim.id) {
            for name in names where victim.mayRead(name) {
                let (known, new) = (device.generations[name] ?? 1, removedGenerations[victim.number]?[name] ?? 1)
                guard known < new else { continue }
                let change = Change(object: "object 0", operation: .set(["a": [1]]), knownDeletion: nil)
                for made in forge(.changes([change]), name, time: store.milliseconds + 1, current: 1) {
                    stored(made)
                    wrote(made, device)
                }
            }
        }
    }

    /// The devices that were removed lately delete all that there is under the first key, which they have. A floor of a later
    /// generation does not count what they write.
    func deleteLate() {
        for victim in devices where victim.isRemoved && store.milliseconds < victim.removedAt + Compaction.floorAge / 2
        {
            for name in names where victim.mayWrite(name) {
                let newest = removedGenerations[victim.number]?[name] ?? 1
                let changes = (0..<4).map { Change(object: "object \($0)", operation: .delete, knownDeletion: nil) }
                let key = mutation == .deletesUnderNewKey ? newest : 1
                let stamp = Stamp(generation: key, time: store.milliseconds + 1, writer: DeviceID(value: 77))
                guard floors(name).allSatisfy({ $0 < stamp }) else { continue }
                for made in forge(.changes(changes), name, time: store.milliseconds + 1, current: key) {
                    stored(made)
                    lateDeletions.insert(made)
                }
            }
        }
    }

    /// The floors of all snapshots that were ever stored.
    private func floors(_ name: CollectionName) -> [Stamp] {
        var assembler = RecordAssembler(keys: KeyRing(name: name, seed: chainSeed))
        return assembler.add(history.map { ObjectPage.Entry(name: $0, lastModified: 0) }).compactMap {
            if case .snapshot(let piece) = $0.record.content { piece.floor } else { nil }
        }
    }

    /// Stores a record that no chain would write.
    @discardableResult func forge(
        _ content: RecordContent,
        _ name: CollectionName,
        time: UInt64,
        current: UInt32,
        by writer: DeviceID = DeviceID(value: 77)
    ) -> [String] {
        let keys = KeyRing(name: name, seed: chainSeed, current: current)
        let made = try! RecordWriter.names(
            of: content,
            previous: 0,
            time: time,
            writer: writer,
            keys: keys,
            entropy: entropy
        )
        for name in made.names { store.insert(name) }
        return made.names
    }

    // MARK: The store's course

    func wrote(_ name: String, _ device: SimulatedDevice) {
        let collection = (names + CollectionName.reserved).first { name.hasPrefix(place($0).prefix) }
        guard let collection, device.mayWrite(collection) else {
            return breach(.rights, "\(device.name) writes where it may not")
        }
        // A device that knows of a removal changes the key before it writes, though it may know it by the note alone.
        for victim in devices where victim.isRemoved && device.knownRemovals.contains(victim.id) {
            afterRemoval[victim.number, default: []].insert(name)
        }
        for (removed, generations) in removedGenerations {
            let known = device.generations[collection] ?? 1
            guard let generation = generations[collection], known >= generation else { continue }
            underGeneration[removed, default: [:]][name] = known
        }
    }

    func stored(_ name: String) {
        if stored.insert(name).inserted { history.append(name) }
    }

    func isHidden(_ name: String) -> Bool { withheld[name].map { $0 > store.milliseconds } ?? false }

    /// The time in an object's name, in milliseconds since 1970.
    private static func time(of name: String) -> UInt64 {
        UInt64(name.split(separator: "/")[3].prefix(13)) ?? 0
    }

    func place(_ name: CollectionName) -> RecordPlace {
        RecordPlace(userID: chainSeed.userID, collection: CollectionID(of: name, seed: chainSeed))
    }

    /// The store withholds, replays, moves and mixes.
    private func meddle() {
        guard random.once(in: 5), let name = random.pick(history), let other = random.pick(history) else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let end = store.milliseconds + UInt64.random(in: 1...86_400_000, using: &random)
            // What is older than a floor and was never seen by the device that forgets is dead: docs/decisions/order-of-writes.md.
            withheld[name] = min(end, Self.time(of: name) + Compaction.floorAge / 2)
        case 1: store.insert(name)
        case 2:
            // To another collection, or to another time and writer.
            var parts = name.split(separator: "/")
            let others = other.split(separator: "/")
            let index = Int.random(in: 2...3, using: &random)
            parts[index] = others[index]
            store.insert(parts.joined(separator: "/"))
        default:
            // The head of one record with the data of another.
            let mixed = name.split(separator: "/").prefix(6) + other.split(separator: "/").dropFirst(6)
            store.insert(mixed.joined(separator: "/"))
        }
    }
}
