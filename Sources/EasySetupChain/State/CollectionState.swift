/// All that a device knows of a collection: the outcome of every change and every snapshot that it has seen
/// (`Protocol/chain.md`, "Merging").
///
/// Merging is a join: in whatever order, in whatever portions and however often changes and states arrive, the state is the
/// same. A floor takes part in this: it removes a beginning of the order of stamps, except what the state that has the
/// floor still holds.
package struct CollectionState: Sendable {
    /// Up to this stamp, what is not here is dead; nil if nothing was forgotten yet.
    package private(set) var floor: Stamp?
    /// The greatest time that was seen in each generation. It is no part of the state, but new writes come after it.
    package private(set) var clocks: [UInt32: UInt64] = [:]
    private var objects: Set<PackedObject> = []

    /// Makes the state of a collection in which nothing was ever written.
    package init() {}

    /// Makes a state with a floor and objects.
    package init(floor: Stamp?, objects: some Sequence<(String, ObjectState)>) {
        self.floor = floor
        if let floor { see(floor) }
        for (object, state) in objects { join(object, state) }
    }

    // MARK: Reading

    /// The attributes of an object; nil if it does not exist.
    package func object(_ object: String) -> [String: [UInt8]]? {
        state(of: object)?.attributes
    }

    /// All that is known of an object; nil if nothing is.
    package func state(of object: String) -> ObjectState? {
        packed(object)?.state
    }

    private func packed(_ object: String) -> PackedObject? {
        objects.firstIndex(of: PackedObject(named: object)).map { objects[$0] }
    }

    /// The deletion that a write of this object knows of.
    package func knownDeletion(of object: String) -> Stamp? {
        state(of: object)?.lastDeletion
    }

    /// The names of the objects that exist, in the order of their bytes.
    var livingNames: [String] {
        objects.filter(\.state.isLiving).sorted { $0.isBefore($1) }.map(\.name)
    }

    /// All objects, those that were deleted included, in the order of their names' bytes.
    package var sorted: [(object: String, state: ObjectState)] { Array(oneByOne) }

    /// The same, unpacked one after the other: the states of many objects take several times the room of their packed forms.
    var oneByOne: some Sequence<(object: String, state: ObjectState)> {
        objects.sorted { $0.isBefore($1) }.lazy.map { (object: $0.name, state: $0.state) }
    }

    /// The number of objects of which something is known.
    package var count: Int { objects.count }

    /// Whether a change is in this state already: merging it alters nothing.
    package func contains(_ change: Change, stamp: Stamp) -> Bool {
        guard Self.isPossible(change, stamp: stamp), floor.map({ stamp > $0 }) ?? true else { return true }
        return contains(ObjectState(change, stamp: stamp), of: change.object)
    }

    /// Whether another state is in this one already: merging it alters nothing.
    package func contains(_ other: CollectionState) -> Bool {
        if let theirs = other.floor {
            guard let floor, theirs <= floor else { return false }
        }
        return other.objects.allSatisfy { packed in
            var theirs = packed.state
            if let floor, floor != other.floor { theirs.cut(through: floor) }
            return contains(theirs, of: packed.name)
        }
    }

    private func contains(_ theirs: ObjectState, of object: String) -> Bool {
        let ours = state(of: object) ?? ObjectState(deletion: nil, frontier: [])
        var joined = ours
        joined.join(theirs)
        return joined == ours
    }

    // MARK: Merging

    /// Merges one change. Returns what a reader sees of it; nil if nothing.
    /// - Parameter isWatched: whether somebody wants to know; otherwise the outcome is nil.
    @discardableResult package mutating func merge(
        _ change: Change,
        stamp: Stamp,
        isWatched: Bool = true
    ) -> ObjectEvent? {
        guard Self.isPossible(change, stamp: stamp) else { return nil }
        see(stamp)
        if let floor, stamp <= floor { return nil }
        guard isWatched else {
            join(change.object, ObjectState(change, stamp: stamp))
            return nil
        }
        let before = object(change.object)
        join(change.object, ObjectState(change, stamp: stamp))
        return event(change.object, before)
    }

    /// Merges another state. Returns what a reader sees of it, in the order of the objects' names.
    /// - Parameter isWatched: whether somebody wants to know; otherwise nothing is returned.
    @discardableResult package mutating func merge(
        _ other: consuming CollectionState,
        isWatched: Bool = true
    ) -> [ObjectEvent] {
        // The smaller state goes into the larger one, so that a newcomer's snapshot does not take its room twice.
        if !isWatched, other.objects.count > objects.count { swap(&self, &other) }
        var before: [PackedObject: [String: [UInt8]]?] = [:]
        for (generation, time) in other.clocks { see(generation: generation, time: time) }
        if let theirs = other.floor, floor.map({ $0 < theirs }) ?? true {
            for packed in objects {
                var state = packed.state
                let uncut = state
                state.cut(through: theirs)
                guard state != uncut else { continue }
                if isWatched { before[packed] = uncut.attributes }
                if state.isEmpty {
                    objects.remove(packed)
                } else {
                    objects.update(with: PackedObject(packed.name, state))
                }
            }
            floor = theirs
        }
        for packed in other.objects {
            var state = packed.state
            if let floor, floor != other.floor { state.cut(through: floor) }
            if state.isEmpty { continue }
            let name = packed.name
            if isWatched, before[packed] == nil { before[packed] = .some(object(name)) }
            join(name, state)
        }
        return before.sorted { $0.key.isBefore($1.key) }.compactMap { event($0.key.name, $0.value) }
    }

    /// A writer knows only of deletions before its write. A change that says otherwise is none, for every reader.
    private static func isPossible(_ change: Change, stamp: Stamp) -> Bool {
        change.knownDeletion.map { $0 < stamp } ?? true
    }

    private mutating func join(_ object: String, _ state: ObjectState) {
        if let deletion = state.deletion { see(deletion) }
        for write in state.writes { see(write.stamp) }
        guard let known = self.state(of: object) else {
            if !state.isEmpty { objects.insert(PackedObject(object, state)) }
            return
        }
        var joined = known
        joined.join(state)
        // An object that stays as it is stays shared with copies of this state.
        if joined != known { objects.update(with: PackedObject(object, joined)) }
    }

    private func event(_ object: String, _ before: [String: [UInt8]]?) -> ObjectEvent? {
        let now = self.object(object)
        return now == before ? nil : ObjectEvent(object: object, attributes: now, before: before)
    }

    // MARK: The clock

    private mutating func see(_ stamp: Stamp) { see(generation: stamp.generation, time: stamp.time) }

    private mutating func see(generation: UInt32, time: UInt64) {
        if clocks[generation] ?? 0 < time { clocks[generation] = time }
    }

    /// Forgets all objects, and keeps the times.
    mutating func removeObjects() { objects = [] }

    /// Counts a time that a record has although its content is no change, so that new writes come after it.
    package mutating func sawRecord(_ stamp: Stamp) { see(stamp) }
}

extension CollectionState: Equatable {
    /// Whether two states hold the same. The times that they have seen do not count.
    package static func == (one: CollectionState, other: CollectionState) -> Bool {
        one.floor == other.floor && one.objects.count == other.objects.count
            && one.objects.allSatisfy { object in
                other.objects.firstIndex(of: object).map { other.objects[$0].isSame(as: object) } ?? false
            }
    }
}
