/// A list of an event loop: what has gathered there since it was last emptied. It keeps its memory.
///
/// Swift's runtime checks each access to a field of a class, unless all accesses to the field are a load or a store. So
/// this type moves the array out of its field for each change.
final class LoopList<Element> {
    private var elements: [Element] = []

    var isEmpty: Bool { elements.isEmpty }
    var count: Int { elements.count }

    func append(_ element: Element) {
        var changed: [Element] = []
        swap(&changed, &elements)
        changed.append(element)
        swap(&changed, &elements)
    }

    func popLast() -> Element? {
        var changed: [Element] = []
        swap(&changed, &elements)
        defer { swap(&changed, &elements) }
        return changed.popLast()
    }

    /// Exchanges the list for `others`.
    func exchange(_ others: inout [Element]) {
        swap(&others, &elements)
    }
}
