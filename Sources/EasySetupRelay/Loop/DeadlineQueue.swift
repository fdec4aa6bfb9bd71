import NIOCore

/// A queue of deadlines that all lie the same duration ahead when they are added, so they pass in the order in which
/// they were added. It needs no heap and no timer. An entry that no longer matters stays in the queue until its
/// deadline, so the code that takes an entry checks it.
struct DeadlineQueue<Element: Sendable>: Sendable {
    /// The time from adding an entry to its deadline.
    let duration: TimeAmount
    private var entries = CircularBuffer<(due: NIODeadline, element: Element)>()

    init(_ duration: Duration) {
        self.duration = TimeAmount(duration)
    }

    /// The earliest deadline; nil when the queue is empty.
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

    /// Removes the elements for which `matters` is false, and releases their memory.
    mutating func keep(where matters: (Element) -> Bool) {
        var kept = CircularBuffer<(due: NIODeadline, element: Element)>()
        for entry in entries where matters(entry.element) { kept.append(entry) }
        entries = kept
    }

    /// Up to `count` of the first elements that matter, among the first `4 * count` elements. Removes the elements at
    /// the front of the queue that don't matter.
    mutating func first(_ count: Int, where matters: (Element) -> Bool) -> [Element] {
        while let first = entries.first, !matters(first.element) { entries.removeFirst() }
        return Array(entries.prefix(4 * count).map(\.element).filter(matters).prefix(count))
    }

    /// Removes and returns the first element, due or not.
    mutating func popFirst() -> Element? { entries.popFirst()?.element }
}
