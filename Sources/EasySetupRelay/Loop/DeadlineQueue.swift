import NIOCore

/// A queue of deadlines. Each deadline is the same time after its entry was added, so the deadlines pass in the order
/// of the entries, and the queue needs no heap. An entry that no longer matters stays in the queue until its deadline,
/// so the caller checks each entry that it takes.
struct DeadlineQueue<Element: Sendable>: Sendable {
    /// The time from when an element is added to this queue until its deadline.
    let duration: TimeAmount
    private var entries = CircularBuffer<(due: NIODeadline, element: Element)>()

    init(_ duration: Duration) {
        self.duration = TimeAmount(duration)
    }

    /// The earliest deadline; nil when the queue is empty.
    var next: NIODeadline? { entries.first?.due }

    /// Adds an element, and returns its deadline.
    mutating func add(_ element: Element, now: NIODeadline) -> NIODeadline {
        let due = now + duration
        entries.append((due, element))
        return due
    }

    /// Removes and returns the first element if its deadline has passed; otherwise nil.
    mutating func popDue(now: NIODeadline) -> Element? {
        guard let first = entries.first, first.due <= now else { return nil }
        return entries.removeFirst().element
    }

    /// Removes the elements for which `matters` is false, and releases unused memory.
    mutating func keep(where matters: (Element) -> Bool) {
        var kept = CircularBuffer<(due: NIODeadline, element: Element)>()
        for entry in entries where matters(entry.element) { kept.append(entry) }
        entries = kept
    }

    /// Returns up to `count` of the oldest elements for which `matters` is true; it looks at `4 * count` elements at
    /// most. Also removes those elements from the front of the queue for which `matters` is false.
    mutating func first(_ count: Int, where matters: (Element) -> Bool) -> [Element] {
        while let first = entries.first, !matters(first.element) { entries.removeFirst() }
        return Array(entries.prefix(4 * count).map(\.element).filter(matters).prefix(count))
    }

    /// Removes and returns the first element, whether or not its deadline has passed; nil when the queue is empty.
    mutating func popFirst() -> Element? { entries.popFirst()?.element }
}
