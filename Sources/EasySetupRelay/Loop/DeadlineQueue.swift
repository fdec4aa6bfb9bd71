import NIOCore

/// Deadlines that all lie the same duration ahead, so they expire in the order in which they were added. It is a queue
/// without a heap and without a timer. Entries are not removed early; the code that takes an entry checks whether it
/// still matters.
struct DeadlineQueue<Element: Sendable>: Sendable {
    /// How far ahead each deadline lies.
    let duration: TimeAmount
    private var entries = CircularBuffer<(due: NIODeadline, element: Element)>()

    init(_ duration: Duration) {
        self.duration = TimeAmount(duration)
    }

    /// The earliest deadline.
    var next: NIODeadline? { entries.first?.due }

    /// Adds an element, and gives its deadline.
    @discardableResult
    mutating func add(_ element: Element, now: NIODeadline) -> NIODeadline {
        let due = now + duration
        entries.append((due, element))
        return due
    }

    /// Removes and returns the first element if it is due; nil otherwise.
    mutating func popDue(now: NIODeadline) -> Element? {
        guard let first = entries.first, first.due <= now else { return nil }
        return entries.removeFirst().element
    }

    /// Removes the elements that no longer matter, and releases their memory.
    mutating func keep(where matters: (Element) -> Bool) {
        var kept = CircularBuffer<(due: NIODeadline, element: Element)>()
        for entry in entries where matters(entry.element) { kept.append(entry) }
        entries = kept
    }

    /// Up to `count` of the first elements that matter. Elements in front of them that don't are removed.
    mutating func first(_ count: Int, where matters: (Element) -> Bool) -> [Element] {
        while let first = entries.first, !matters(first.element) { entries.removeFirst() }
        return Array(entries.prefix(4 * count).map(\.element).filter(matters).prefix(count))
    }

    /// Removes and returns the first element, due or not.
    mutating func popFirst() -> Element? { entries.popFirst()?.element }
}
