import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// The options of the commands that use the chain.
struct ChainOptions: SharedOptions {
    @OptionGroup var store: StoreOptions
    @OptionGroup var place: ChainPlaceOptions

    @Option(help: ArgumentHelp("What this device is called in the chain.", valueName: "name"))
    var name: String?

    @Flag(help: "Begin the chain anew in a store that has nothing of it any more.")
    var newChain = false

    /// Checks the values that the argument parser takes as they are.
    func check() throws {
        _ = try deviceName
        try place.check()
    }

    /// This device's name in the chain.
    var deviceName: DeviceName {
        get throws {
            try SettingSources.checked("name") {
                guard let name = DeviceName(cleaning: name ?? Host.name) else { throw PairingUsage.badName }
                return name
            }
        }
    }

    /// The keys that this device holds.
    func holder(_ output: Output) async throws -> ChainAccess { try await open(output).holder }

    /// The seed that this device holds, for a command that needs one.
    /// - Throws: ``ChainError/Code/notHeld`` on a device with a membership, before anything is asked.
    func seedHolder(_ output: Output) async throws -> ChainAccess {
        let holder = try await holder(output)
        guard holder.seed != nil else { throw ChainError.notHeld }
        return holder
    }

    /// Keeps a newer membership of this device.
    func keep(_ membership: Membership, _ output: Output) async throws {
        _ = try await store.open(output).save(membership, replacing: false)
    }

    /// The store of the device's keys, and the keys.
    func open(_ output: Output) async throws -> (store: FileSeedStore, holder: ChainAccess) {
        let opened = try await store.open(output)
        guard let holder = try await opened.access() else { throw CommandError.noSeedStored }
        return (opened, holder)
    }
}
