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
    func holder(_ output: Output) async throws -> ChainHolder {
        switch try await store.open(output).access() {
        case .seed(let seed): return .seed(seed)
        case .membership(let membership): return .membership(membership)
        case nil: throw CommandError.noSeedStored
        }
    }
}
