import ArgumentParser
import EasySetupChain
import EasySetupS3

/// `easysetup chain remove`: removes a device without the seed.
struct ChainRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Shuts a device out that holds no seed, or takes one off the list.",
        discussion: """
              easysetup chain remove phone

            The device's right to the store ends, and its collections get new keys, which it does not get. It keeps what it \
            has read. It asks first, unless --yes is given. Doing it again, by the whole id, does no harm, and ends a removal \
            that was stopped. A device that was given collections and has not joined has no name: its id is in the list of \
            easysetup chain devices. One that was given them without the store is in no list: --unlisted shuts it out by its \
            whole id, and gives all collections new keys. A device that holds the seed can't be shut out; --gone takes one \
            off the list that is gone for good.
            """
    )

    @Argument(help: "The device's id, the beginning of the id, or its name.")
    var device: String

    @Flag(help: "Take a device off the list that holds the seed and is gone for good. That does not shut it out.")
    var gone = false

    @Flag(help: "Shut out a device that is in no list, by its whole id. All collections get new keys.")
    var unlisted = false

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Remove without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            if !yes { try output.needPerson() }
            let session = try await ChainSession.open(options, .writing, holder: options.seedHolder(output), output)
            let device = try await find(in: session.chain)
            guard !device.hasSeed else { return try await unlist(device, session, output) }
            if !yes {
                try await output.confirmDeletion(
                    """
                    This shuts out \(device.shown). It can neither read nor write \
                    the collections that it was given any more. What it has read already stays on it.
                    """
                )
            }
            output.onStop(.writing)
            // The service is told first: a device that gets no more credentials sees nothing of the rest.
            try await session.connection.service?.revoke(device.id)
            let unnamed = try await session.chain.remove(device.id, unlisted: unlisted)
            output.onStop(nil)
            output.event(
                "device-removed",
                [
                    ("device", .string(device.id.text)), ("name", .string(device.name)),
                    ("unnamed_collections", .integer(unnamed)),
                ],
                people: device.removedText(unnamed: unnamed)
            )
        }
    }

    /// Takes a device that holds the seed off the list.
    private func unlist(_ device: Found, _ session: ChainSession, _ output: Output) async throws {
        guard gone else { throw ChainUsage.deviceHoldsSeed }
        if !yes {
            try await output.confirmDeletion(
                """
                This takes \(device.shown) off the list. It is not shut out: whoever has it reads and writes everything, and \
                it is in the list again when it is used. Only easysetup chain renew shuts it out.
                """
            )
        }
        output.onStop(.writing)
        try await session.chain.unlist(device.id)
        output.onStop(nil)
        output.event(
            "device-unlisted",
            [("device", .string(device.id.text)), ("name", .string(device.name))],
            people: "\"\(device.shownName)\" is off the list."
        )
    }

    /// A device that a person can mean.
    private struct Found {
        let id: DeviceID
        /// The name in its record; empty for a device without one.
        var name = ""
        var hasSeed = false

        var shownName: String { ShownLine.text(name, limit: 64) }

        /// The device in a sentence.
        var shown: String { name.isEmpty ? "the device \(id.text)" : "the device \"\(shownName)\" (\(id.text))" }

        /// The sentence after the removal.
        func removedText(unnamed: Int) -> String {
            let device = name.isEmpty ? id.text : "\"\(shownName)\""
            guard unnamed > 0 else { return "\(device) is shut out. What is written from now on it can't read." }
            let collections = unnamed == 1 ? "One collection" : "\(unnamed) collections"
            return """
                \(device) is shut out. \(collections) that it was given, and that no device with the seed has used yet, \
                it can read until a device with the seed writes there.
                """
        }
    }

    /// The device that a person means.
    private func find(in chain: Chain) async throws -> Found {
        let text = device
        let devices = try await chain.devices().map { Found(id: $0.id, name: $0.name, hasSeed: $0.hasSeed) }
        let absent = try await chain.absentDevices().map { Found(id: $0.id) }
        let removed = await chain.removedDevices.map { Found(id: $0) }
        if let device = (devices + absent + removed).first(where: { $0.id.text == text }) { return device }
        if unlisted {
            guard let id = DeviceID(text: text) else { throw ChainUsage.badDeviceID }
            return Found(id: id)
        }
        let named = devices.filter { !$0.name.isEmpty && ($0.name == text || $0.shownName == text) }
        let found =
            named.isEmpty && text.count >= 4 ? (devices + absent).filter { $0.id.text.hasPrefix(text) } : named
        guard let device = found.first else { throw ChainUsage.deviceUnknown }
        guard found.count == 1 else { throw ChainUsage.severalDevices }
        return device
    }
}
