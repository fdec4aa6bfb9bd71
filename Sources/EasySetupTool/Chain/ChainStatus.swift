import ArgumentParser
import EasySetupChain
import EasySetupSeed

/// `easysetup chain status`: tells what this device is in its chain, and what the store has.
struct ChainStatus: AsyncParsableCommand, ChecksSettings {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tells what this device is in the chain, and looks at the store.",
        discussion: """
              easysetup chain status

            It changes nothing, and the device does not join. What is known without the store is told first.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func checkSettings() throws { try options.check() }

    func run() async throws {
        try await common.run { output in
            let session = try await ChainSession.open(options, .looking, output)
            let userID = session.holder.userID.fingerprint
            let device = session.name.map { "\"\($0)\", \(session.device.text)" }
            output.event(
                "chain",
                [
                    ("user_id", .string(userID)), ("tier", .integer(session.holder.tier)),
                    ("device", session.name == nil ? .null : .string(session.device.text)),
                    ("name", session.name.map(JSONValue.string) ?? .null),
                ] + session.place.members,
                people: """
                    Chain:    \(userID)
                    Device:   \(device ?? "has not joined yet; the next other command joins")
                    Holds:    \(session.holder.rights)
                    Store:    \(session.place.shown)
                    """
            )
            let collections = try await session.collections()
            var counts: [(name: String, count: Int)] = []
            for collection in collections {
                let objects = try await session.chain.list(collection.name, progress: output.progress)
                counts.append((collection.name, objects.count))
            }
            let devices = try await session.chain.devices()
            output.onStop(nil)
            let difference = session.store.clockDifference ?? 0
            let list = counts.map { "\($0.name) (\($0.count))" }.joined(separator: ", ")
            output.event(
                "chain-store",
                [
                    ("devices", .integer(devices.count)),
                    (
                        "collections",
                        .list(
                            counts.map {
                                .object([
                                    .init("collection", .string($0.name)), .init("objects", .integer($0.count)),
                                ])
                            }
                        )
                    ), ("clock_difference", .integer(difference)),
                ],
                people: """
                    Devices:  \(devices.count)
                    Objects:  \(list.isEmpty ? "none" : list)
                    Clock:    \(Self.clock(difference))
                    """
            )
        }
    }

    private static func clock(_ difference: Int) -> String {
        guard abs(difference) > 2 else { return "the store's is this device's" }
        return "the store's is \(abs(difference)) s \(difference > 0 ? "ahead" : "behind"); nothing depends on it"
    }
}
