import ArgumentParser
import EasySetupChain
import EasySetupS3

/// `easysetup chain remove`: removes a device without the seed.
struct ChainRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Shuts a device out that holds no seed.",
        discussion: """
              easysetup chain remove phone

            The device's right to the store ends, and its collections get new keys, which it does not get. It keeps what it \
            has read. It asks first, unless --yes is given. Doing it again does no harm.
            """
    )

    @Argument(help: "The device's id, the beginning of the id, or its name.")
    var device: String

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Remove without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            if !yes { try output.needPerson() }
            let session = try await ChainSession.open(options, .writing, holder: options.seedHolder(output), output)
            let device = try Self.find(device, among: try await session.chain.devices())
            guard !device.hasSeed else { throw ChainUsage.deviceHoldsSeed }
            if !yes {
                try await output.confirmDeletion(
                    """
                    This shuts out the device "\(device.shownName)" (\(device.id.text)). It can neither read nor write \
                    the collections that it was given any more. What it has read already stays on it.
                    """
                )
            }
            output.onStop(.writing)
            // The service is told first: a device that gets no more credentials sees nothing of the rest.
            try await session.connection.service?.revoke(device.id)
            try await session.chain.remove(device.id)
            output.onStop(nil)
            output.event(
                "device-removed",
                [("device", .string(device.id.text)), ("name", .string(device.name))],
                people: "\"\(device.shownName)\" is shut out. What is written from now on it can't read."
            )
        }
    }

    /// The device that a person means.
    private static func find(_ text: String, among devices: [ChainDevice]) throws(ChainUsage) -> ChainDevice {
        if let device = devices.first(where: { $0.id.text == text }) { return device }
        let named = devices.filter { $0.name == text || $0.shownName == text }
        let found = named.isEmpty && text.count >= 4 ? devices.filter { $0.id.text.hasPrefix(text) } : named
        guard let device = found.first else { throw .deviceUnknown }
        guard found.count == 1 else { throw .severalDevices }
        return device
    }
}
