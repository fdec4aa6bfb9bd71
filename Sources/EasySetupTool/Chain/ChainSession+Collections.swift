import EasySetupChain

extension ChainSession {
    /// A collection that this device may read.
    struct Collection: Sendable {
        let name: String
        let mayWrite: Bool
    }

    /// The collections that this device may read, in the order of their names.
    func collections() async throws(ChainError) -> [Collection] {
        switch holder {
        case .seed:
            return try await chain.collections().map { Collection(name: $0.text, mayWrite: true) }
                .filter { !$0.name.contains("/") }.sorted { $0.name < $1.name }
        case .membership(let membership):
            return membership.rights.map { Collection(name: $0.key.text, mayWrite: $0.value) }
                .sorted { $0.name < $1.name }
        }
    }
}
