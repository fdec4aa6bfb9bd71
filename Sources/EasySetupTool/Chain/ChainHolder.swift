import EasySetupChain
import EasySetupSeed

/// The keys of the chain that this device holds.
enum ChainHolder: Sendable {
    /// The seed: the device may do everything.
    case seed(SyncSeed)

    /// The chain.
    var userID: UserID {
        switch self {
        case .seed(let seed): seed.userID
        }
    }

    /// The device's id if what it holds fixes one; nil where the device draws its own.
    var device: DeviceID? {
        switch self {
        case .seed: nil
        }
    }

    /// The seed; nil on a device without it.
    var seed: SyncSeed? {
        switch self {
        case .seed(let seed): seed
        }
    }

    /// The number of the tier: 1 with the seed, 2 without.
    var tier: Int { seed == nil ? 2 : 1 }

    /// The rights in words for a person.
    var rights: String {
        switch self {
        case .seed: "the seed: it may read and write everything, and remove devices"
        }
    }

    /// The device's part in the chain.
    func chain(device: DeviceID, store: any ObjectStore) -> Chain {
        switch self {
        case .seed(let seed): Chain(seed: seed, device: device, store: store)
        }
    }
}
