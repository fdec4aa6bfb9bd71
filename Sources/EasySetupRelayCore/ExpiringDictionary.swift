/// A dictionary of limited size that forgets its entries: each entry stays for at least one period and at most two. Two
/// dictionaries alternate, so the type forgets a whole dictionary at once.
struct ExpiringDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The shortest time for which an entry of the dictionary stays; the longest is twice that. Nil when entries don't
    /// expire.
    private let period: Duration?
    private let capacity: Int
    private var current: [Key: Value] = [:]
    private var previous: [Key: Value] = [:]
    private var since: Duration
    /// When ``advance(_:)`` next has an entry to forget; nil while the dictionaries are empty. It is stored and not
    /// computed, because a relay reads it after each frame.
    private(set) var nextDeadline: Duration?

    /// - Parameter capacity: the most entries in `current` and in `previous`, the two dictionaries that alternate.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.period = period
        self.capacity = capacity
        since = started
    }

    subscript(key: Key) -> Value? { current[key] ?? previous[key] }

    func inBoth(_ key: Key) -> (current: Value?, previous: Value?) { (current[key], previous[key]) }

    /// Stores a value. Returns false, and stores nothing, when the dictionary for new entries (`current`) is full.
    mutating func put(_ value: Value, for key: Key, now: Duration) -> Bool {
        advance(now)
        guard current.count < capacity || current[key] != nil else { return false }
        current[key] = value
        if nextDeadline == nil { nextDeadline = period.map { since + $0 } }
        return true
    }

    /// Lets `change` modify, insert or remove the entry of a key in the dictionary for new entries (`current`), even if
    /// that dictionary is full.
    mutating func update(_ key: Key, _ change: (inout Value?) -> Void) {
        change(&current[key])
        if let period { nextDeadline = isEmpty ? nil : since + period }
    }

    /// Removes the entry of a key from both dictionaries.
    mutating func remove(_ key: Key) {
        current[key] = nil
        previous[key] = nil
        if let period { nextDeadline = isEmpty ? nil : since + period }
    }

    func sum(_ part: (Key, Value) -> Int) -> Int {
        current.reduce(0) { $0 + part($1.key, $1.value) } + previous.reduce(0) { $0 + part($1.key, $1.value) }
    }

    mutating func shrink() {
        current.shrink()
        previous.shrink()
    }

    var currentCount: Int { current.count }
    var isEmpty: Bool { current.isEmpty && previous.isEmpty }

    mutating func advance(_ now: Duration) {
        guard let period, now >= since + period else { return }
        previous = now >= since + period + period ? [:] : current
        current = [:]
        since = now
        nextDeadline = isEmpty ? nil : now + period
    }
}
