import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupS3
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
            let place = try options.place.place()
            let holder = try await options.holder(output)
            let files = PrivateFiles(path: try options.store.folder.bytes)
            let file = try await ChainDeviceFile.read(files, of: holder.userID)
            let userID = holder.userID.fingerprint
            let service: String? = if case .service(let url, _) = place { url } else { nil }
            let device = file.flatMap { file in file.name.map { "\"\($0)\", \(file.device.text)" } }
            output.event(
                "chain",
                [
                    ("user_id", .string(userID)), ("tier", .integer(holder.tier)),
                    ("device", device == nil ? .null : file.map { .string($0.device.text) } ?? .null),
                    ("name", file?.name.map(JSONValue.string) ?? .null),
                    ("service", service.map(JSONValue.string) ?? .null),
                ],
                people: """
                    Chain:    \(userID)
                    Device:   \(device ?? "has not joined yet; the next other command joins")
                    Holds:    \(holder.rights)
                    """ + (service.map { "\nService:  \($0)" } ?? "")
            )
            let session = try await ChainSession.open(options, .looking, holder: holder, output)
            let address = session.connection.address
            output.say("Store:    the bucket \(address.bucket) at \(address.endpoint)")
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
                    ("endpoint", .string(address.endpoint)), ("bucket", .string(address.bucket)),
                    ("region", .string(address.region)), ("devices", .integer(devices.count)),
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
