import EasySetupSeed
import EasySetupTesting

@testable import EasySetupChain

/// A store in memory and the devices that meet there.
struct ChainParty {
    let store: MemoryObjectStore
    let fixture = Fixture()

    init(_ manners: MemoryObjectStore.Manners = .init()) { store = MemoryObjectStore(manners: manners) }

    /// A device that has the seed.
    func chain(_ number: UInt64, seed: SyncSeed? = nil) -> Chain {
        Chain(
            seed: seed ?? fixture.seed,
            device: DeviceID(value: number),
            store: store,
            clock: StoreTimeClock(store),
            entropy: .counted(number)
        )
    }

    /// A device without the seed.
    func member(_ membership: Membership) -> Chain {
        Chain(
            membership: membership,
            store: store,
            clock: StoreTimeClock(store),
            entropy: .counted(membership.device.value)
        )
    }

    /// The beginning of the names of a collection's objects.
    func prefix(_ name: CollectionName, seed: SyncSeed? = nil) -> String {
        KeyRing(name: name, seed: seed ?? fixture.seed).place.prefix
    }

    /// The names of a collection's objects.
    func names(_ name: CollectionName) -> [String] {
        store.names.filter { $0.hasPrefix(prefix(name)) }
    }
}
