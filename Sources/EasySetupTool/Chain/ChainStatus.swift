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
            let file = try await ChainDeviceFile.find(options.store.folder.bytes, of: holder.userID)
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
            var found: [CollectionStatus] = []
            for collection in collections {
                // A long listing tells how far it is.
                _ = try await session.chain.list(collection.name, progress: output.progress)
                found.append(try await session.chain.status(of: collection.name))
            }
            let devices = try await session.chain.devices()
            output.onStop(nil)
            let difference = session.store.clockDifference ?? 0
            let list = found.map { "\($0.collection.text) (\($0.objects))" }.joined(separator: ", ")
            let remarks = found.flatMap(\.remarks).map { "\n          \($0)" }.joined()
            output.event(
                "chain-store",
                [
                    ("endpoint", .string(address.endpoint)), ("bucket", .string(address.bucket)),
                    ("region", .string(address.region)), ("devices", .integer(devices.count)),
                    ("collections", .list(found.map(\.json))), ("clock_difference", .integer(difference)),
                ],
                people: """
                    Devices:  \(devices.count)
                    Objects:  \(list.isEmpty ? "none" : list)\(remarks)
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

extension CollectionStatus {
    /// The member of an event.
    fileprivate var json: JSONValue {
        .object([
            .init("collection", .string(collection.text)), .init("objects", .integer(objects)),
            .init("generation", .integer(generation)), .init("left_out", .boolean(isLeftOut)),
            .init(
                "unread",
                .list(unreadReasons.map { .object([.init("reason", .string($0)), .init("records", .integer($1))]) })
            ),
            .init("foreign_names", .integer(foreignNames)), .init("dropped", .integer(dropped.count)),
        ])
    }

    /// How many records could not be read, by the reason, in the order of the reasons.
    private var unreadReasons: [(String, Int)] {
        Dictionary(grouping: unread, by: \.reason).map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }

    /// The sentences for a person about what is not as it should be.
    fileprivate var remarks: [String] {
        var remarks: [String] = []
        if isLeftOut {
            remarks.append(
                "\(collection.text): this device has not got the newest key. It was removed, or a device with the seed sends the key when it writes there."
            )
        }
        remarks += unreadReasons.map { reason, count in
            "\(collection.text): not read: \(count.counted("record")) (\(reason))"
        }
        if !dropped.isEmpty {
            remarks.append(
                "\(collection.text): changes of \(dropped.count.counted("object")) by this device do not count. The store had not shown it the newest key. Make them again."
            )
        }
        if foreignNames > 0 {
            remarks.append("\(collection.text): \(foreignNames.counted("name")) of no record, which do no harm")
        }
        return remarks
    }
}
