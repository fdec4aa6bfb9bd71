package import CredentialsCore

/// The numbers that the service has counted since it began.
package struct ServiceCounts: Sendable {
    /// Calls that were answered as asked, by call.
    package private(set) var done: [String: Int] = ["credentials": 0, "revocations": 0, "deletions": 0]
    /// Refusals by kind.
    package private(set) var refused: [Refusal.Code: Int] = Dictionary(
        uniqueKeysWithValues: Refusal.Code.allCases.map { ($0, 0) }
    )

    mutating func add(done call: String) { done[call, default: 0] += 1 }
    mutating func add(refused code: Refusal.Code) { refused[code, default: 0] += 1 }

    /// By how much they have grown.
    func since(_ before: ServiceCounts) -> ServiceCounts {
        var grown = self
        for (name, count) in before.done { grown.done[name, default: 0] -= count }
        for (code, count) in before.refused { grown.refused[code, default: 0] -= count }
        return grown
    }
}
