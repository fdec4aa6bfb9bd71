import ArgumentParser
import EasySetupChain
import EasySetupS3

/// `easysetup chain leave`: takes this device out of the list of devices.
struct ChainLeave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Takes this device out of the list of devices.",
        discussion: """
              easysetup chain leave

            The device keeps what it holds: easysetup seed remove takes that away. With the seed, the next command that uses \
            the chain joins again, as another device. A device without the seed gets no more credentials from its service, and \
            the next device with the seed that looks shuts it out for good. It asks first, unless --yes is given.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Leave without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            if !yes { try output.needPerson() }
            let holder = try await options.holder(output)
            // Nothing is asked of a service or a store where there is nothing to leave.
            let file = try await ChainSession.deviceFile(options.store.folder.bytes, of: holder)
            guard let name = file?.name else {
                return output.event("left", [("was_there", false)], people: "This device has not joined.")
            }
            let session = try await ChainSession.open(options, .leaving, holder: holder, output)
            if !yes {
                try await output.confirmDeletion(
                    """
                    This takes "\(name)" (\(session.device.text)) out of the chain's devices, and forgets its id here.
                    """
                )
            }
            output.onStop(.writing)
            try await session.chain.leave()
            if session.holder.seed == nil {
                // The record says it already, so a service that has no place for one more revocation changes nothing.
                do throws(ChainError) {
                    try await session.connection.service?.leave()
                } catch {
                    guard error.code == .tooManyRevocations else { throw error }
                }
                await KeptCredentials(session.files).remove()
            }
            try await ChainDeviceFile.remove(session.files)
            await KeptMemory.remove(session.files)
            output.onStop(nil)
            output.event(
                "left",
                [("was_there", true)],
                people: "This device is no longer in the list. It still holds \(session.holder.rights)."
            )
        }
    }
}
