import EasySetupChain
import SeededRandom
import Testing

private let day: UInt64 = 86_400_000
private let start: UInt64 = 1_800_000_000_000

/// A store's records, compacted by hand: no seals and no names, only what the decisions need.
private struct Bench {
    var records: [StoredRecord] = []
    var strays: [Stray] = []
    var now = start
    /// The date of the devices; nil for the store's.
    var device: UInt64?
    var generations: [UInt32: UInt64] = [:]
    private var serial = 0

    var hasUnread = false
    var listing: Compaction.Listing {
        Compaction.Listing(records: records, strays: strays, hasUnread: hasUnread)
    }

    var clocks: Compaction.Now {
        Compaction.Now(store: now, device: device ?? now, generations: generations)
    }

    mutating func add(_ content: RecordContent, stamp: Stamp, parts: Int = 1) {
        serial += 1
        let names = (0..<parts).map { "\(serial)/\($0)" }
        let record = Record(stamp: stamp, previous: 0, content: content, names: names)
        records.append(StoredRecord(record: record, lastModified: now))
    }

    mutating func add(_ write: Write) { add(.changes([write.change]), stamp: write.stamp) }

    mutating func add(
        _ snapshot: CollectionState,
        id: UInt64,
        by writer: UInt64 = 1,
        limit: Int = 400,
        pieces: Int = .max
    ) {
        for piece in snapshot.pieces(id: id, limit: limit).prefix(pieces) {
            now += 1
            add(.snapshot(piece), stamp: Stamp(generation: 1, time: now, writer: DeviceID(value: writer)))
        }
    }

    mutating func delete(_ names: some Sequence<String>) {
        let names = Set(names)
        records.removeAll { names.contains($0.record.names[0]) }
        strays.removeAll { names.contains($0.name) }
    }

    func plan(known: CollectionState = CollectionState(), minimum: Int = 1) -> Compaction.Plan {
        Compaction.plan(listing, known: known, now: clocks, minimum: minimum)
    }

    /// The state of a newcomer.
    var state: CollectionState {
        var state = CollectionState()
        for snapshot in Snapshot.assembled(records).whole { state.merge(snapshot.state) }
        for stored in records {
            guard case .changes(let changes) = stored.record.content else { continue }
            for change in changes { state.merge(change, stamp: stored.record.stamp) }
        }
        return state
    }

    /// Whether a snapshot that was written is there.
    func has(_ state: CollectionState, id: UInt64) -> Bool {
        var readBack = SnapshotReadBack(of: state, id: id)
        readBack.take(records)
        return readBack.isThere
    }

    var objects: Int { records.reduce(strays.count) { $0 + $1.record.names.count } }
}

extension Bench {
    /// A write at the bench's time.
    fileprivate func set(_ object: String, _ value: String, by writer: UInt64 = 1, knowing known: Stamp? = nil) -> Write
    {
        let change = Change(object: object, operation: .set(["a": Array(value.utf8)]), knownDeletion: known)
        return Write(change: change, stamp: Stamp(generation: 1, time: now, writer: DeviceID(value: writer)))
    }

    fileprivate func deletion(_ object: String, by writer: UInt64 = 1) -> Write {
        .delete(object, at: now, by: writer)
    }
}

@Suite("Snapshots")
struct SnapshotTests {
    @Test("A snapshot's pieces, in any order and repeated, say the state again", arguments: [100, 300, 1_000, 100_000])
    func pieces(_ limit: Int) {
        var random = SplitMix(state: UInt64(limit))
        var state = CollectionState(floor: floor(4), objects: [])
        for index in 0..<40 as Range<UInt64> {
            let attributes = Dictionary(
                uniqueKeysWithValues: (0..<Int.random(in: 0...9, using: &random)).map {
                    ("attribute \($0)", random.bytes(Int.random(in: 0...60, using: &random)) as [UInt8]?)
                }
            )
            let change = Change(object: "object \(index)", operation: .set(attributes), knownDeletion: floor(index))
            state.merge(change, stamp: Stamp(generation: 2, time: 10 + index, writer: DeviceID(value: index)))
            if index % 5 == 0 {
                state.merge(Write.delete("object \(index)", at: 20, generation: 3).change, stamp: floor(60))
            }
        }
        var bench = Bench()
        bench.add(state, id: 7, limit: limit)
        #expect(bench.records.count > 1 || limit > 10_000)
        for stored in bench.records {
            guard case .snapshot(let piece) = stored.record.content else { continue }
            let size = piece.entries.reduce(0) { $0 + $1.writes.reduce(0) { $0 + $1.size } }
            #expect(size <= max(limit, 160))
        }
        bench.records += bench.records.prefix(3)
        bench.records.shuffle(using: &random)
        let whole = Snapshot.assembled(bench.records).whole
        #expect(whole.map(\.state) == [state])
    }

    @Test("A snapshot counts only when all of its pieces are there")
    func incomplete() {
        var bench = Bench()
        let state = CollectionState((0..<20).map { .set("object \($0)", ["a": "1"], at: 5) })
        bench.add(state, id: 7)
        #expect(bench.records.count > 2)
        for index in bench.records.indices {
            var less = bench
            less.records.remove(at: index)
            #expect(less.state == CollectionState())
            #expect(Snapshot.assembled(less.records).rest.count == less.records.count)
        }
    }

    @Test("Pieces of two devices, or of two snapshots, are not taken for one")
    func mixed() {
        var bench = Bench()
        let state = CollectionState((0..<20).map { .set("object \($0)", ["a": "1"], at: 5) })
        bench.add(state, id: 7, pieces: 1)
        var other = Bench()
        other.add(state, id: 7, by: 2)
        bench.records += other.records.dropFirst()
        #expect(Snapshot.assembled(bench.records).whole.isEmpty)
    }

    private static func pieces(_ state: CollectionState, id: UInt64) -> [SnapshotPiece] {
        // So small that each object is a piece.
        state.pieces(id: id, limit: 1)
    }

    @Test("A reader joins the pieces of a snapshot as they come, in any order, repeated, and however many there are")
    func joined() {
        var random = SplitMix(state: 1)
        let state = CollectionState((0..<1_500).map { .set("object \($0)", ["a": "1"], at: 5) })
        var pieces = Self.pieces(state, id: 7)
        #expect(pieces.count > 1_500)
        pieces.shuffle(using: &random)
        var partials = PartialSnapshots()
        for piece in pieces.dropLast() + pieces.prefix(20) {
            #expect(partials.add(piece, stamp: floor(9)) == nil)
        }
        #expect(partials.add(pieces[pieces.count - 1], stamp: floor(9)) == state)
        // Once whole it is not remembered.
        #expect(partials.add(pieces[0], stamp: floor(9)) == nil)
    }

    @Test("A reader forgets the pieces of an older snapshot before those of a newer one")
    func forgotten() {
        let state = CollectionState((0..<600).map { .set("object \($0)", ["a": "1"], at: 5) })
        let (old, new) = (Self.pieces(state, id: 7), Self.pieces(state, id: 8))
        var partials = PartialSnapshots()
        for piece in old.dropLast() { #expect(partials.add(piece, stamp: floor(9)) == nil) }
        for piece in new.dropLast() { #expect(partials.add(piece, stamp: floor(10)) == nil) }
        #expect(partials.add(old[old.count - 1], stamp: floor(9)) == nil)
        #expect(partials.add(new[new.count - 1], stamp: floor(10)) == state)
    }

    @Test("An empty collection has a snapshot of one piece")
    func empty() {
        let pieces = CollectionState().pieces(id: 1, limit: 100)
        #expect(pieces == [SnapshotPiece(snapshot: 1, index: 0, count: 1, floor: nil, entries: [])])
    }
}

@Suite("Compaction")
struct CompactionTests {
    @Test("A snapshot is written when it is worth it, and what it holds is deleted when it has settled")
    func plain() {
        var bench = Bench()
        for index in 0..<30 {
            bench.now += 1_000
            bench.add(bench.set("object \(index % 5)", "\(index)"))
        }
        let state = bench.state
        #expect(bench.plan(minimum: 31).snapshot == nil)
        let plan = bench.plan(minimum: 30)
        #expect(plan.snapshot == state)
        #expect(plan.deletions.isEmpty)
        bench.add(state, id: 1)
        #expect(bench.has(state, id: 1))
        #expect(!bench.has(state, id: 2))
        #expect(bench.plan().deletions.isEmpty)
        #expect(bench.plan().snapshot == nil)
        bench.now += Compaction.settling
        let settled = bench.plan()
        #expect(settled.deletions.count == 30)
        bench.delete(settled.deletions)
        #expect(bench.state == state)
        #expect(bench.plan().deletions.isEmpty)
    }

    @Test("A record that came while the snapshot was made stays, whatever its time")
    func late() {
        var bench = Bench()
        bench.add(bench.set("x", "1"))
        bench.now += 10
        let late = bench.set("y", "late", by: 2)
        bench.now += 10
        let snapshot = bench.plan().snapshot!
        bench.add(snapshot, id: 1)
        bench.add(late)
        bench.now += Compaction.settling
        let plan = bench.plan(minimum: 100)
        #expect(plan.deletions == ["1/0"])
        bench.delete(plan.deletions)
        #expect(bench.state.texts("y") == ["a": "late"])
        #expect(bench.state.texts("x") == ["a": "1"])
    }

    @Test("Two devices that compact at once delete nothing of which no snapshot is left, in any order of their steps")
    func two() {
        // Each device: list and plan, write, list and delete, list and delete again.
        let steps = Set(permutations([0, 0, 0, 1, 1, 1]))
        for order in steps {
            var bench = Bench()
            for index in 0..<10 {
                bench.now += 1
                bench.add(bench.set("object \(index % 4)", "\(index)", by: UInt64(index % 3)))
            }
            bench.add(bench.deletion("object 1"))
            let state = bench.state
            var plans: [CollectionState?] = [nil, nil]
            var progress = [0, 0]
            for device in order {
                switch progress[device] {
                case 0: plans[device] = bench.plan().snapshot
                case 1:
                    if let snapshot = plans[device] { bench.add(snapshot, id: UInt64(device), by: UInt64(10 + device)) }
                default: bench.delete(bench.plan().deletions)
                }
                progress[device] += 1
                bench.now += Compaction.settling
                #expect(bench.state == state)
            }
            bench.delete(bench.plan().deletions)
            #expect(bench.state == state)
            #expect(bench.records.count == state.pieces(id: 0, limit: 400).count)
        }
    }

    @Test("Two lists that both plan to delete can't delete each other's snapshots")
    func crossing() {
        var bench = Bench()
        bench.add(bench.set("x", "1"))
        let state = bench.state
        bench.add(state, id: 1, by: 1)
        let early = bench
        bench.add(state, id: 2, by: 2)
        bench.now += Compaction.settling
        // One device has not seen the second snapshot yet, as its store lists late.
        var blind = early
        blind.now = bench.now
        let one = blind.plan().deletions
        let other = bench.plan().deletions
        #expect(one.count == 1)
        bench.delete(one + other)
        #expect(bench.state == state)
        #expect(bench.records.count == 1)
    }

    @Test("A device that dies at any step leaves nothing that the next compaction does not clean up")
    func death() {
        var bench = Bench()
        for index in 0..<20 {
            bench.now += 1
            bench.add(bench.set("object \(index)", "\(index)"))
        }
        let state = bench.state
        let pieces = state.pieces(id: 1, limit: 400).count
        #expect(pieces > 3)
        for written in 0...pieces {
            var world = bench
            world.add(state, id: 1, pieces: written)
            #expect(world.state == state)
            world.now += Compaction.settling
            let deletions = world.plan().deletions
            for deleted in 0...deletions.count {
                var dead = world
                dead.delete(deletions.prefix(deleted))
                #expect(dead.state == state)
                // The next device, a day later.
                dead.now += day
                for id in 2...3 as ClosedRange<UInt64> {
                    let plan = dead.plan()
                    dead.delete(plan.deletions)
                    if let snapshot = plan.snapshot { dead.add(snapshot, id: id, by: 2) }
                    dead.now += Compaction.settling
                }
                dead.delete(dead.plan().deletions)
                #expect(dead.state == state)
                #expect(dead.objects == pieces)
            }
        }
    }

    @Test("What is no part of a record is deleted after a day, and not while a clock is wrong")
    func orphans() {
        var bench = Bench()
        bench.strays = [Stray(name: "part", lastModified: bench.now)]
        bench.add(CollectionState((0..<20).map { .set("object \($0)", ["a": "1"], at: 5) }), id: 9, pieces: 2)
        bench.now += day - 10
        #expect(bench.plan().deletions.isEmpty)
        bench.now += 20
        #expect(Set(bench.plan().deletions) == ["part", "1/0", "2/0"])
        // A piece of a later version is none that is missing.
        bench.hasUnread = true
        #expect(bench.plan().deletions == ["part"])
        bench.hasUnread = false
        bench.device = bench.now - 400 * day
        #expect(bench.plan().deletions.isEmpty)
    }

    // MARK: Forgetting

    /// A settled snapshot with an object that lives and one that was deleted at the start.
    private func deleted() -> Bench {
        var bench = Bench()
        bench.add(bench.set("alive", "1"))
        bench.add(bench.set("gone", "1"))
        bench.now += 1
        bench.add(bench.deletion("gone"))
        bench.add(bench.plan().snapshot!, id: 1)
        bench.now += Compaction.settling
        bench.delete(bench.plan().deletions)
        return bench
    }

    @Test("A deletion is forgotten after 90 days and not before; what lives stays")
    func horizon() {
        var bench = deleted()
        bench.now = start + 90 * day
        // The dead write is forgotten earlier, when it is below the floor.
        #expect(bench.plan().snapshot?.count == 2)
        #expect(bench.plan().snapshot?.state(of: "gone")?.writes == [])
        bench.now += 2
        let snapshot = bench.plan().snapshot
        #expect(snapshot?.count == 1)
        #expect(snapshot?.texts("alive") == ["a": "1"])
        #expect(snapshot?.floor?.time == bench.now - 60 * day)
        bench.add(snapshot!, id: 2)
        bench.now += Compaction.settling
        bench.delete(bench.plan().deletions)
        #expect(bench.records.count == 1)
        #expect(bench.state.texts("alive") == ["a": "1"])
        #expect(bench.state.texts("gone") == nil)
    }

    @Test("A write that did not know of a forgotten deletion stays dead, in whatever order things arrive")
    func stale() {
        // The last moment at which an honest writer may write without having seen the deletion.
        var bench = deleted()
        bench.now = start + Compaction.writersAge
        let stale = bench.set("gone", "stale", by: 2)
        let before = bench.state
        bench.now = start + 90 * day + 2
        bench.add(stale)
        let snapshot = bench.plan().snapshot!
        #expect(snapshot.count == 1)
        bench.add(snapshot, id: 2)
        // Until the record is deleted, and if it never is.
        #expect(bench.state.texts("gone") == nil)
        for order in permutations([before, CollectionState([stale]), snapshot]) {
            let state = order.reduce(into: CollectionState()) { $0.merge($1) }
            #expect(state.texts("gone") == nil)
            #expect(state == snapshot)
        }
        bench.now += Compaction.settling
        #expect(
            bench.plan().deletions.contains(bench.records.first { $0.record.stamp == stale.stamp }!.record.names[0])
        )
    }

    @Test("A deletion that still keeps a write above the floor down is not forgotten")
    func keptDown() {
        var bench = deleted()
        bench.now = start + 80 * day
        // A writer that broke the rule, or had a clock that was pushed far ahead.
        bench.add(bench.set("gone", "stale", by: 2))
        bench.now = start + 91 * day
        #expect(bench.plan(minimum: 100).snapshot == nil)
        #expect(bench.state.texts("gone") == nil)
        bench.now = start + 141 * day
        #expect(bench.plan(minimum: 100).snapshot?.count == 1)
    }

    @Test("Nothing is forgotten while the device's date and the store's clock differ, or without a settled snapshot")
    func guarded() {
        var bench = deleted()
        bench.now = start + 100 * day
        #expect(bench.plan(minimum: 100).snapshot != nil)
        bench.device = start
        #expect(bench.plan(minimum: 100).snapshot == nil)
        bench.device = nil
        bench.records = [bench.records[0]].map { StoredRecord(record: $0.record, lastModified: bench.now) }
        #expect(bench.plan(minimum: 100).snapshot == nil)
    }

    /// The hole of a floor over an incomplete view: it would kill what it does not show.
    @Test("A device that sees neither the records nor the snapshot that took their place raises no floor")
    func blind() {
        var bench = deleted()
        bench.now = start + 100 * day
        let full = bench.state
        // The store shows this device nothing but a new record.
        var blind = bench
        blind.records = []
        blind.add(blind.set("new", "1"))
        let snapshot = blind.plan().snapshot!
        #expect(snapshot.floor == nil)
        var joined = full
        joined.merge(snapshot)
        #expect(joined.texts("alive") == ["a": "1"])
    }

    @Test("A device raises no floor where it can't read a record of a later version")
    func unread() {
        var bench = deleted()
        bench.now = start + 100 * day
        #expect(bench.plan().snapshot?.floor != nil)
        bench.hasUnread = true
        #expect(bench.plan().snapshot?.floor == nil)
    }

    @Test("A write that a device has read is not forgotten because the store withholds it")
    func withheld() {
        var bench = deleted()
        bench.now = start + day
        let withheld = bench.set("withheld", "1", by: 2)
        bench.now = start + 100 * day
        var known = bench.state
        known.merge(withheld.change, stamp: withheld.stamp)
        let snapshot = bench.plan(known: known).snapshot
        #expect(snapshot?.texts("withheld") == ["a": "1"])
        #expect(snapshot?.floor?.time == bench.now - 60 * day)
        // The floor is above the write, so a snapshot that lacks it kills it.
        known.merge(bench.plan().snapshot!)
        #expect(known.texts("withheld") == nil)
    }

    @Test("The floor's generation is the one that was known to all at its age")
    func generations() {
        var bench = deleted()
        bench.generations = [2: start + 50 * day]
        bench.now = start + 100 * day
        #expect(bench.plan().snapshot?.floor?.generation == 1)
        bench.generations = [2: start + 30 * day]
        #expect(bench.plan().snapshot?.floor?.generation == 2)
        // A write under the first generation from after the change is above the floor in the one case only.
        let write = Write.set("x", ["a": "1"], at: start + 45 * day)
        bench.add(write)
        #expect(bench.plan().snapshot?.texts("x") == ["a": "1"])
    }

    @Test("Earlier keys are deleted for later ones that hold them all, once these are in everybody's listing")
    func earlierKeys() {
        let fixture = Fixture()
        var bench = Bench()
        func add(_ generation: UInt32, _ earlier: Set<UInt32>) -> String {
            bench.now += 1
            let keys = EarlierKeys(of: fixture.name, generation: generation, earlier: earlier, seed: fixture.seed)
            bench.add(.earlierKeys(keys), stamp: Stamp(generation: generation, time: bench.now, writer: fixture.writer))
            return bench.records.last!.record.names[0]
        }
        let first = add(7, [1])
        let incomplete = add(30, [1, 7])
        // Generation 20 is not in it, so it holds neither of these.
        let (other, twice) = (add(20, [1, 7]), add(20, [1, 7]))
        bench.now = start + 1 + Compaction.settling
        #expect(bench.plan().deletions.isEmpty)
        bench.now = start + 4 + Compaction.settling
        // The twice written one has a later time, and both 20 and 30 hold the first one.
        #expect(Set(bench.plan().deletions) == [first, other])
        let whole = add(30, [1, 7, 20])
        // A device that knew less wrote later under the same generation.
        let later = add(30, [1])
        bench.now += Compaction.settling
        #expect(Set(bench.plan().deletions) == [first, other, twice, incomplete, later])
        bench.delete(bench.plan().deletions)
        #expect(bench.records.map(\.record.names) == [[whole]])
        #expect(bench.plan().deletions.isEmpty)
    }

    @Test("Removals of attributes are forgotten with the deletions", arguments: [true, false])
    func attributes(_ isOld: Bool) {
        var bench = deleted()
        if !isOld { bench.now = start + 95 * day }
        let removal = Change(object: "alive", operation: .set(["a": nil, "b": [1]]), knownDeletion: nil)
        bench.add(.changes([removal]), stamp: Stamp(generation: 1, time: bench.now + 5, writer: DeviceID(value: 3)))
        bench.now = start + 100 * day
        let snapshot = bench.plan().snapshot
        #expect(snapshot?.object("alive") == ["b": [1]])
        #expect(snapshot?.state(of: "alive")?.writes.count == (isOld ? 2 : 3))
    }
}
