import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed

extension ChainAccess {
    /// The device's id if what it holds fixes one; nil where the device draws its own.
    var device: DeviceID? {
        switch self {
        case .seed: nil
        case .membership(let membership): membership.device
        }
    }

    /// The seed; nil on a device without it.
    var seed: SyncSeed? {
        switch self {
        case .seed(let seed): seed
        case .membership: nil
        }
    }

    /// The number of the tier: 1 with the seed, 2 without.
    var tier: Int { seed == nil ? 2 : 1 }

    /// Checks that the device may write to a collection, before a person types what is to be written.
    /// - Throws: ``ChainError/Code/notHeld``, ``ChainError/Code/collectionName``.
    func checkWriting(to collection: String) throws(ChainError) {
        let name = try CollectionName(collection)
        if case .membership(let membership) = self, membership.rights[name] != true { throw .notHeld }
    }

    /// The rights in words for a person.
    var rights: String {
        switch self {
        case .seed: "the seed: it may read and write everything, and remove devices"
        case .membership(let membership): "a membership: \(membership.scope.text)"
        }
    }

    /// The calls to a service for credentials, signed with what this device holds.
    /// - Parameters:
    ///   - url: the address of the service.
    ///   - invitation: the text that lets a new chain in; nil if there is none.
    ///   - session: the credentials of an earlier run.
    func client(
        _ url: String,
        _ invitation: String?,
        _ session: CredentialsSession?,
        trusting roots: TrustedRoots,
        allowsPlain: Bool
    ) throws(ChainError) -> CredentialsClient {
        // A person waits for the answer.
        var limits = CredentialsLimits()
        limits.tries = 2
        limits.callTimeout = .seconds(20)
        return try CredentialsClient(
            url,
            for: self,
            invitation: invitation,
            session: session,
            trusting: roots,
            allowsPlain: allowsPlain,
            limits: limits
        )
    }

    /// The device's part in the chain.
    /// - Parameter kept: the memory of earlier runs.
    func chain(device: DeviceID, store: any ObjectStore, _ kept: KeptMemory) -> Chain {
        let keep: @Sendable (ChainMemory) async -> Void = { await kept.keep($0) }
        return switch self {
        case .seed(let seed): Chain(seed: seed, device: device, store: store, memory: kept.memory, keep: keep)
        case .membership(let membership): Chain(membership: membership, store: store, memory: kept.memory, keep: keep)
        }
    }
}
