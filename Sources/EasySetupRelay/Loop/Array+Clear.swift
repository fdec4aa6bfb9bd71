extension Array {
    /// Removes all elements, and releases the memory if there were more than `most`. Usually there is one element, and
    /// removing one is much cheaper than replacing a range of one.
    mutating func clear(keepingUpTo most: Int = .max) {
        guard count == 1 else { return removeAll(keepingCapacity: count <= most) }
        removeLast()
    }
}
