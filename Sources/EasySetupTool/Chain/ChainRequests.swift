import ArgumentParser
import EasySetupChain

/// `easysetup chain requests`: lists what devices without the seed ask for, and answers; on such a device it asks.
struct ChainRequests: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "Lists what devices without the seed ask for, and answers.",
        discussion: """
              easysetup chain requests --grant phone/notes

            A device without the seed asks by --ask, and takes the answer when it lists its requests. All devices of the chain can \
            read what is asked, and why. The name in the list is the one that the device gave itself: grant only what you have \
            asked for there.
            """
    )

    @Option(help: ArgumentHelp("Grant a request.", valueName: "device/collection"))
    var grant: String?

    @Option(help: ArgumentHelp("Decline a request.", valueName: "device/collection"))
    var decline: String?

    @Option(help: ArgumentHelp("On a device without the seed: ask for a collection.", valueName: "collection"))
    var ask: String?

    @Flag(help: "With --ask: ask to write there, too.")
    var write = false

    @Option(help: ArgumentHelp("With --ask: a sentence for the person who decides.", valueName: "text"))
    var reason: String?

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard [grant, decline, ask].compactMap(\.self).count <= 1 else {
            throw ValidationError("Give one of --grant, --decline and --ask.")
        }
        guard ask != nil || !write && reason == nil else {
            throw ValidationError("--write and --reason belong to --ask.")
        }
    }

    func run() async throws {
        try await common.run { output in
            let answers = grant != nil || decline != nil
            let holder = try await answers ? options.seedHolder(output) : options.holder(output)
            let session = try await ChainSession.open(options, .writing, holder: holder, output)
            if let ask {
                guard session.holder.seed == nil else { throw ChainUsage.asksWithSeed }
                try await session.chain.request(ask, mayWrite: write, reason: reason ?? "")
                output.onStop(nil)
                return output.event(
                    "asked",
                    [("collection", .string(ask)), ("may_write", .boolean(write))],
                    people: """
                        The request is there, and all devices of the chain can read it. Grant it on a device with the seed: \
                        easysetup chain requests.
                        """
                )
            }
            if case .membership = session.holder, let newer = try await session.chain.newMembership() {
                try await options.keep(newer, output)
                // The others see the new certificate.
                let memory = await KeptMemory.read(session.files, of: newer.userID)
                let renewed = ChainAccess.membership(newer).chain(device: session.device, store: session.store, memory)
                try await renewed.touch()
                let names = newer.rights.map(\.key.text).sorted()
                output.event(
                    "granted",
                    [("collections", .list(names.map(JSONValue.string)))],
                    people: "This device now has: \(names.joined(separator: ", "))."
                )
            }
            let requests = try await session.chain.requests()
            guard let text = grant ?? decline else {
                output.onStop(nil)
                for request in requests { output.event("request", request.members, people: request.line) }
                if requests.isEmpty, output.form == .people { output.prompt("There are no requests.\n") }
                return
            }
            let request = try Self.find(text, among: requests)
            if grant != nil {
                try await session.chain.grant(request)
            } else {
                try await session.chain.decline(request)
            }
            output.onStop(nil)
            let verb = grant != nil ? "granted" : "declined"
            output.event(
                "answered",
                request.members.filter { $0.0 != "declined" } + [("granted", .boolean(grant != nil))],
                people: "\(verb.first!.uppercased() + verb.dropFirst()): \(request.line)"
            )
        }
    }

    /// The request that a person means: the device's id, its beginning or its name, a slash and the collection.
    private static func find(_ text: String, among requests: [CollectionRequest]) throws -> CollectionRequest {
        guard let slash = text.lastIndex(of: "/") else { throw ChainUsage.badRequest }
        let (device, collection) = (String(text[..<slash]), String(text[text.index(after: slash)...]))
        let there = requests.filter { $0.collection.text == collection }
        let found = there.filter {
            $0.device.text == device || $0.deviceName == device
                || device.count >= 4 && $0.device.text.hasPrefix(device)
        }
        guard let request = found.first else { throw ChainUsage.requestUnknown }
        guard found.count == 1 else { throw ChainUsage.severalDevices }
        return request
    }
}

extension CollectionRequest {
    /// The request on a line of a list.
    var line: String {
        let name = deviceName.isEmpty ? "" : "\"\(ShownLine.text(deviceName, limit: 64))\"  "
        let wish = mayWrite ? "read and write" : "read"
        let word = reason.isEmpty ? "" : "  \"\(ShownLine.text(reason, limit: 200))\""
        return "\(name)\(device.text)  \(wish) \(collection.text)\(word)" + (isDeclined ? "  (declined)" : "")
    }

    /// The members of an event.
    var members: [(String, JSONValue)] {
        [
            ("device", .string(device.text)), ("name", .string(deviceName)), ("collection", .string(collection.text)),
            ("may_write", .boolean(mayWrite)), ("reason", .string(reason)), ("declined", .boolean(isDeclined)),
        ]
    }
}
