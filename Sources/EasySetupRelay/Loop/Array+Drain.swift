extension Array {
    /// Removes all elements and passes them to `body` in their order. Keeps the memory, unless there were more than
    /// `most` elements.
    ///
    /// An array gives away only its last element without a copy of it, so the elements are put in reverse order first.
    /// Most arrays here have one.
    mutating func drain(keepingUpTo most: Int = 1024, _ body: (consuming Element) -> Void) {
        let isLarge = count > most
        if count > 1 { reverse() }
        while let element = popLast() { body(element) }
        if isLarge { self = [] }
    }
}
