/// A bounded dictionary that forgets its entries: each one stays for at least one period and is gone after two. Two
/// dictionaries take turns, so forgetting costs nothing per entry.
struct Generations<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// The length of a period; nil when entries don't expire.
    private let period: Duration?
    private let capacity: Int
    private var current: [Key: Value] = [:]
    private var previous: [Key: Value] = [:]
    private var since: Duration
    /// When ``advance(_:)`` next has something to forget; nil while the dictionaries are empty. It is stored because a
    /// relay reads it after each frame.
    private(set) var nextDeadline: Duration?

    /// - Parameter capacity: the most entries in each of the two dictionaries.
    init(period: Duration?, capacity: Int, started: Duration) {
        self.period = period
        self.capacity = capacity
        since = started
    }

    subscript(key: Key) -> Value? { current[key] ?? previous[key] }

    func inBoth(_ key: Key) -> (current: Value?, previous: Value?) { (current[key], previous[key]) }

    /// Stores a value. False when the current dictionary is full; it has not changed then.
    mutating func put(_ value: Value, for key: Key, now: Duration) -> Bool {
        advance(now)
        guard current.count < capacity || current[key] != nil else { return false }
        current[key] = value
        if nextDeadline == nil { nextDeadline = period.map { since + $0 } }
        return true
    }

    /// Changes, inserts or removes the current entry of a key, even if the dictionary is full.
    mutating func update(_ key: Key, _ change: (inout Value?) -> Void) {
        change(&current[key])
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
