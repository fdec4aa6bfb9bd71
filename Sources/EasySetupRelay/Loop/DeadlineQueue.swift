import NIOCore

/// Deadlines that all lie the same time ahead, so that they come due in the order they were set: a queue, not a heap, and
/// no timer of its own. An entry is not taken out early; who takes it asks whether it still matters.
struct DeadlineQueue<Element: Sendable>: Sendable {
    /// How far ahead each deadline lies.
    let duration: TimeAmount
    private var entries = CircularBuffer<(due: NIODeadline, element: Element)>()

    init(_ duration: Duration) {
        self.duration = TimeAmount(duration)
    }

    /// When the first one comes due.
    var next: NIODeadline? { entries.first?.due }

    /// Adds one, and tells when it comes due.
    @discardableResult
    mutating func add(_ element: Element, now: NIODeadline) -> NIODeadline {
        let due = now + duration
        entries.append((due, element))
        return due
    }

    /// Takes the first one that is due, nil when none is.
    mutating func popDue(now: NIODeadline) -> Element? {
        guard let first = entries.first, first.due <= now else { return nil }
        return entries.removeFirst().element
    }

    /// Forgets those that matter no more, and the memory of them.
    mutating func keep(where matters: (Element) -> Bool) {
        var kept = CircularBuffer<(due: NIODeadline, element: Element)>()
        for entry in entries where matters(entry.element) { kept.append(entry) }
        entries = kept
    }

    /// Some of the first that matter. Those in front of them that don't are forgotten.
    mutating func first(_ count: Int, where matters: (Element) -> Bool) -> [Element] {
        while let first = entries.first, !matters(first.element) { entries.removeFirst() }
        return Array(entries.prefix(4 * count).map(\.element).filter(matters).prefix(count))
    }

    /// Takes the first one, due or not.
    mutating func popFirst() -> Element? { entries.popFirst()?.element }
}
