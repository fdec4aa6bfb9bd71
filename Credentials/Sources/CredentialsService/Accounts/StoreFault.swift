/// The faults of the file of accounts.
package enum StoreFault: Error, Hashable, Sendable {
    /// It can't be opened or made.
    case cannotOpen(String)
    /// A newer program has changed its tables.
    case newer
    /// The settings lack a node that has chains.
    case nodeMissing(String, chains: Int)
    /// A call failed.
    case failed(String)
}

extension StoreFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let reason): "The file of accounts can't be opened: \(reason)."
        case .newer: "A newer version of this program has changed the file of accounts."
        case .nodeMissing(let name, let chains):
            "The settings have no node \(name), which has \(chains) chains. Set it, with state=down if it is gone."
        case .failed(let reason): "The file of accounts does not work: \(reason)."
        }
    }
}
