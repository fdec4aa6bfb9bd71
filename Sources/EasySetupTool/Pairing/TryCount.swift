/// The tries of codes that this device has sent and that were wrong, by the codes' slots (their first symbols).
struct TryCount {
    private var counts: [String: Int] = [:]
    /// A sentence about the tries that are left for the code of the last try; nil before the first.
    private(set) var note: String?

    /// Counts a wrong try.
    /// - Parameter limit: the number of tries for each code.
    mutating func take(_ slot: String, of limit: Int) {
        counts[slot, default: 0] += 1
        let left = max(0, limit - counts[slot]!)
        // The other device counts the wrong tries of everybody, and ends a code after the third.
        note = left == 0 ? "No try is left for that code." : "At most \(left) of \(limit) tries are left for that code."
    }
}
