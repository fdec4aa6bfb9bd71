extension Array {
    /// Takes out all elements, and gives the memory back if there were more than `most`. A batch has one element as a rule, and taking
    /// out one is much cheaper than replacing a range of one.
    mutating func clear(keepingUpTo most: Int = .max) {
        guard count == 1 else { return removeAll(keepingCapacity: count <= most) }
        removeLast()
    }
}
