public import EasySetupChain
import Synchronization

/// A store of objects in memory, for tests of what a chain does. Its time stands still unless the test moves it, and bad
/// manners that real stores have are switched on one by one.
public final class MemoryObjectStore: ObjectStore {
    /// How the store behaves. The defaults are those of a store without any bad manners.
    public struct Manners: Sendable {
        /// How long after its creation an object appears in listings.
        public var lateListing: Duration = .zero
        /// How many more calls of the store an object needs after its creation to appear in listings.
        public var lateListingCalls = 0
        /// Whether times are told by the second, rounded down, as in an answer's `Date`.
        public var roundsToSeconds = false
        /// Whether two slashes in a row become one, as in stores that keep objects as files.
        public var foldsSlashes = false
        /// Whether listings are in the order of folders: `a/b` before `a-b`. Such a store skips a whole folder when a
        /// listing begins after the folder's own name.
        public var listsByFolder = false
        /// The greatest number of objects in a page, however many are asked for.
        public var pageLimit = Int.max
        /// Whether the chain has more objects than it may. The store takes all the same what is written.
        public var isFull = false
        /// By how much the store's clock is wrong.
        public var clockError: Duration = .zero
        /// Objects that listings do not show, although they are there.
        public var withholds: @Sendable (_ name: String) -> Bool = { _ in false }
        /// The fault of a call; nil for none. The number of the call is counted from 1.
        public var fault: @Sendable (_ call: Call, _ number: Int) -> Fault? = { _, _ in nil }

        /// Makes good manners.
        public init() {}
    }

    /// A call of the store.
    public enum Call: Hashable, Sendable {
        /// An object is created.
        case put(String)
        /// A page of a listing is read.
        case list(prefix: String, after: String?)
        /// Objects are deleted.
        case delete([String])
    }

    /// A fault of a call.
    public enum Fault: Hashable, Sendable {
        /// The call does nothing, and the error is returned.
        case refused(ObjectStoreError)
        /// The call is carried out, but its answer is lost, and the error is returned.
        case answerLost(ObjectStoreError)
        /// The call is answered as if it had been carried out, but nothing was done.
        case ignored
    }

    fileprivate struct Object {
        var lastModified: Duration
        var visibleFrom: Duration
        var visibleFromCall: Int
    }

    fileprivate struct State {
        var manners: Manners
        var now: Duration
        var calls = 0
        var objects: [String: Object] = [:]
        /// All names in the order of listings.
        var order: [String]?
    }

    private let state: Mutex<State>
    /// The limits of this store.
    public let limits: ObjectStoreLimits

    /// Whether the manners say that the chain has more objects than it may.
    public func isFull() async throws(ObjectStoreError) -> Bool { state.withLock { $0.manners.isFull } }

    /// Makes an empty store.
    /// - Parameters:
    ///   - milliseconds: the time at which the store's clock stands, since 1970.
    ///   - manners: how the store behaves.
    ///   - limits: the limits of names, pages and calls that the store keeps.
    public init(
        milliseconds: UInt64 = 1_800_000_000_000,
        manners: Manners = Manners(),
        limits: ObjectStoreLimits = ObjectStoreLimits()
    ) {
        state = Mutex(State(manners: manners, now: .milliseconds(Int64(milliseconds))))
        self.limits = limits
    }

    // MARK: What tests do and look at

    /// Moves the store's clock.
    public func advance(by duration: Duration) { state.withLock { $0.now += duration } }

    /// Changes how the store behaves from now on.
    public func change(_ body: @Sendable (inout Manners) -> Void) {
        state.withLock { state in
            body(&state.manners)
            state.order = nil
        }
    }

    /// The names of all objects, in the order of listings.
    public var names: [String] { state.withLock { $0.sorted } }

    /// The number of calls so far.
    public var calls: Int { state.withLock(\.calls) }

    /// The store's time without its error, in milliseconds since 1970.
    public var milliseconds: UInt64 { state.withLock { $0.now.milliseconds } }

    /// Creates an object past all rules, as an operator of the store can.
    public func insert(_ name: String) { state.withLock { $0.create(name) } }

    /// Deletes an object past all rules.
    public func remove(_ name: String) { state.withLock { $0.remove(name) } }

    // MARK: The store

    /// Creates an empty object.
    public func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        try perform(.put(name)) { state, isDone throws(ObjectStoreError) in
            guard name.utf8.count <= self.limits.nameBytes,
                name.utf8.split(separator: UInt8(ascii: "/")).allSatisfy({ $0.count <= self.limits.segmentBytes })
            else { throw ObjectStoreError(.nameRefused) }
            if isDone { state.create(name) }
            return state.told
        }
    }

    /// Deletes objects.
    public func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        try perform(.delete(names)) { state, isDone throws(ObjectStoreError) in
            guard names.count <= self.limits.deletionsPerCall else { throw ObjectStoreError(.unreadable) }
            if isDone { for name in names { state.remove(name) } }
            return state.told
        }
    }

    /// Lists objects.
    public func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        try perform(.list(prefix: prefix, after: after)) { state, _ throws(ObjectStoreError) in
            state.page(prefix, after, max(min(limit, self.limits.listedPerCall, state.manners.pageLimit), 1))
        }
    }

    private func perform<Answer: Sendable>(
        _ call: Call,
        _ body: (inout State, _ isDone: Bool) throws(ObjectStoreError) -> Answer
    ) throws(ObjectStoreError) -> Answer {
        try state.withLock { state throws(ObjectStoreError) in
            state.calls += 1
            switch state.manners.fault(call, state.calls) {
            case nil: return try body(&state, true)
            case .ignored: return try body(&state, false)
            case .refused(let error): throw error
            case .answerLost(let error):
                _ = try body(&state, true)
                throw error
            }
        }
    }
}

extension MemoryObjectStore.State {
    /// The time as the store tells it.
    fileprivate var told: StoreTime { StoreTime(milliseconds: told(now + manners.clockError)) }

    private func told(_ time: Duration) -> UInt64 {
        let milliseconds = time.milliseconds
        return manners.roundsToSeconds ? milliseconds / 1_000 * 1_000 : milliseconds
    }

    fileprivate mutating func create(_ name: String) {
        let name = folded(name)
        if let known = objects[name] {
            objects[name]?.lastModified = now + manners.clockError
            objects[name]?.visibleFrom = known.visibleFrom
            return
        }
        objects[name] = MemoryObjectStore.Object(
            lastModified: now + manners.clockError,
            visibleFrom: now + manners.lateListing,
            visibleFromCall: calls + manners.lateListingCalls
        )
        guard var order else { return }
        self.order = nil
        order.insert(name, at: Self.index(in: order) { isBefore($0, name) })
        self.order = order
    }

    fileprivate mutating func remove(_ name: String) {
        let name = folded(name)
        guard objects.removeValue(forKey: name) != nil, var order else { return }
        self.order = nil
        order.remove(at: Self.index(in: order) { isBefore($0, name) })
        self.order = order
    }

    fileprivate var sorted: [String] {
        mutating get {
            if let order { return order }
            let sorted = objects.keys.sorted { isBefore($0, $1) }
            order = sorted
            return sorted
        }
    }

    fileprivate mutating func page(_ prefix: String, _ after: String?, _ limit: Int) -> ObjectPage {
        let order = sorted
        var index = Self.index(in: order) { isBefore($0, prefix) }
        if let after { index = max(index, Self.index(in: order) { !isBefore(after, $0) }) }
        var entries: [ObjectPage.Entry] = []
        var isTruncated = false
        while index < order.count, order[index].utf8.starts(with: prefix.utf8) {
            let name = order[index]
            index += 1
            guard let object = objects[name], object.visibleFrom <= now, object.visibleFromCall < calls + 1,
                !manners.withholds(name)
            else { continue }
            if manners.listsByFolder, let after, name.utf8.starts(with: (after + "/").utf8) { continue }
            if entries.count == limit {
                isTruncated = true
                break
            }
            entries.append(ObjectPage.Entry(name: name, lastModified: told(object.lastModified)))
        }
        return ObjectPage(entries: entries, isTruncated: isTruncated, time: told)
    }

    private func folded(_ name: String) -> String {
        guard manners.foldsSlashes else { return name }
        var last: UInt8 = 0
        let bytes = name.utf8.filter { byte in
            defer { last = byte }
            return byte != UInt8(ascii: "/") || last != byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The order of listings: by bytes, or by folders, where the slash is before all other bytes.
    private func isBefore(_ one: String, _ other: String) -> Bool {
        guard manners.listsByFolder else { return one.utf8.lexicographicallyPrecedes(other.utf8) }
        return one.utf8.lexicographicallyPrecedes(other.utf8) {
            ($0 == UInt8(ascii: "/") ? 0 : $0) < ($1 == UInt8(ascii: "/") ? 0 : $1)
        }
    }

    /// The first index of a sorted list at which a condition is false.
    private static func index(in order: [String], _ isBefore: (String) -> Bool) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(order[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Duration {
    fileprivate var milliseconds: UInt64 {
        self > .zero ? UInt64(components.seconds) * 1_000 + UInt64(components.attoseconds / 1_000_000_000_000_000) : 0
    }
}
