extension Array {
    /// Removes all elements, and releases the memory if there were more than `most` of them. In this project most
    /// arrays have one element when they are cleared, and then `removeLast` is much faster than `removeAll`.
    mutating func clear(keepingUpTo most: Int = .max) {
        guard count == 1 else { return removeAll(keepingCapacity: count <= most) }
        removeLast()
    }
}
