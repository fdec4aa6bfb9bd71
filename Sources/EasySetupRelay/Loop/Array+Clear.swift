extension Array {
    /// Removes all elements, and releases the memory if there were more than `most`. Most arrays here have one element,
    /// and `removeLast` removes it much faster than `removeAll`.
    mutating func clear(keepingUpTo most: Int = .max) {
        guard count == 1 else { return removeAll(keepingCapacity: count <= most) }
        removeLast()
    }
}
