package import CredentialsCore
package import EasySetupRelay
import EasySetupS3

/// All that the settings say, checked.
package struct ProgramConfiguration: Sendable {
    /// Where devices connect.
    package let listen: ListenAddress
    /// Where the admin port is; nil for none.
    package let admin: ListenAddress?
    /// The path of the file of accounts.
    package let store: String
    /// The stores.
    package let nodes: [(node: Node, access: NodeAccess)]
    /// The settings of the server.
    package let service: ServiceSettings
    /// How long credentials of a member last, in seconds.
    package let duration: Int
    /// How long those of a device with a certificate last.
    package let deviceDuration: Int
    /// How long the service goes on after a signal to end.
    package let drainTime: Int

    /// Checks settings.
    /// - Parameter read: reads a file of keys; nil if it can't.
    package init(_ reader: SettingsReader, read: (String) -> String?) throws(SettingsFault) {
        guard let listen = reader.text("listen") else {
            throw SettingsFault("listen is missing: say where devices connect.")
        }
        self.listen = try Self.address(listen, "listen")
        admin = try Self.optional(reader.text("admin"))
        guard let store = reader.text("store"), !store.isEmpty else {
            throw SettingsFault("store is missing: say where the file of accounts is.")
        }
        self.store = store
        let hosts = reader.texts("host")
        guard !hosts.isEmpty else {
            throw SettingsFault("host is missing: say by which host devices know the service.")
        }
        for host in hosts
        where host.isEmpty || host.contains("/") || host.utf8.contains(where: { !(0x21...0x7E).contains($0) }) {
            throw SettingsFault(
                "host is a name such as keys.example.org, with :port unless it is 443, and no address of a page."
            )
        }
        var service = ServiceSettings(hosts: Set(hosts.map { $0.lowercased() }))
        if let text = reader.text("registration") {
            guard let registration = Registration(rawValue: text) else {
                throw SettingsFault("registration is open, closed or invitation.")
            }
            service.registration = registration
        }
        service.allowsPlain = try reader.isOn("plain-requests")
        service.proxies = try Self.proxies(reader)
        service.limits = try Self.limits(reader.texts("limit"))
        self.service = service
        duration = try reader.number("duration", NodeAccess.shortest...129_600, 129_600)
        deviceDuration = try reader.number("device-duration", NodeAccess.shortest...129_600, 3_600)
        drainTime = try reader.number("drain-time", 0...3_600, 0)
        var nodes: [(node: Node, access: NodeAccess)] = []
        for text in reader.texts("node") {
            nodes.append(
                try Self.node(text) { (name, path) throws(SettingsFault) in try Self.keys(name, path, reader, read) }
            )
        }
        guard !nodes.isEmpty else { throw SettingsFault("node is missing: say which store there is.") }
        guard Set(nodes.map(\.node.name)).count == nodes.count else { throw SettingsFault("Two nodes have one name.") }
        self.nodes = nodes
    }

    /// The settings that differ from those of a running service and hold only after a new start.
    package func heldUntilStart(_ running: ProgramConfiguration) -> [String] {
        [
            listen == running.listen ? nil : "listen", admin == running.admin ? nil : "admin",
            store == running.store ? nil : "store",
        ].compactMap { $0 }
    }

    private static func optional(_ text: String?) throws(SettingsFault) -> ListenAddress? {
        guard let text else { return nil }
        var address = try Self.address(text, "admin")
        // Nobody is asked for a password there, so a port without a host is on this machine alone.
        if address.host == nil, !text.hasPrefix("*") { address.host = "127.0.0.1" }
        return address
    }

    private static func address(_ text: String, _ name: String) throws(SettingsFault) -> ListenAddress {
        guard let address = ListenAddress(text) else { throw SettingsFault("\(name) is a host, a colon and a port.") }
        return address
    }

    private static func proxies(_ reader: SettingsReader) throws(SettingsFault) -> TrustedProxies {
        var blocks: [AddressBlock] = []
        for text in reader.texts("trusted-proxy") {
            guard let block = AddressBlock(text) else {
                throw SettingsFault("trusted-proxy is an address such as 10.0.0.0/8.")
            }
            blocks.append(block)
        }
        let header = reader.text("forwarded-header")
        guard blocks.isEmpty == (header == nil) else {
            throw SettingsFault("trusted-proxy and forwarded-header go together.")
        }
        guard let header else { return .none }
        guard let header = ForwardedHeader(rawValue: header) else {
            throw SettingsFault("forwarded-header is x-forwarded-for or forwarded.")
        }
        return TrustedProxies(at: blocks, header: header)
    }

    /// The limits that an operator may set, by their names in `Protocol/credentials.md`, and what each may be.
    package static let limitNames: [String: (any WritableKeyPath<ServiceLimits, Int> & Sendable, ClosedRange<Int>)] = [
        "clockWindow": (\.clockWindow, 1...3_600), "nonces": (\.nonces, 1...10_000_000),
        "requestsPerPrefix": (\.requestsPerPrefix, 1...1_000_000),
        "registrationsPerPrefix": (\.registrationsPerPrefix, 1...1_000_000),
        "requestsPerUser": (\.requestsPerUser, 1...1_000_000),
        "requestsPerDevice": (\.requestsPerDevice, 1...1_000_000), "ratedKeys": (\.ratedKeys, 1...10_000_000),
        "revocationsPerUser": (\.revocationsPerUser, 1...1_000_000),
        "objectsPerUser": (\.objectsPerUser, 1...1_000_000_000),
        "cleanupsPerUser": (\.cleanupsPerUser, 0...1_000),
    ]

    private static func limits(_ texts: [String]) throws(SettingsFault) -> ServiceLimits {
        var limits = ServiceLimits()
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let (path, range) = limitNames[parts[0]] else {
                throw SettingsFault("limit is NAME=VALUE, with a name of Protocol/credentials.md.")
            }
            guard let value = Int(parts[1]), range.contains(value) else {
                throw SettingsFault("\(parts[0]) is \(range.lowerBound) to \(range.upperBound).")
            }
            limits[keyPath: path] = value
        }
        return limits
    }

    /// The keys of an identity.
    /// - Parameter path: the file that the node names; nil for that of all nodes.
    private static func keys(
        _ name: String,
        _ path: String?,
        _ reader: SettingsReader,
        _ read: (String) -> String?
    ) throws(SettingsFault) -> S3Keys {
        if let path = path ?? reader.text(name + "-file") {
            guard let text = read(path) else { throw SettingsFault("\(name)-file can't be read.") }
            let lines = text.split { $0 == "\n" || $0 == "\r\n" }.map(String.init).filter { !$0.isEmpty }
            guard lines.count == 2, lines.allSatisfy(isKey) else {
                throw SettingsFault("\(name)-file has two lines: the access key and the secret key.")
            }
            return S3Keys(accessKey: lines[0], secret: S3Secret(lines[1]))
        }
        guard let key = reader.text(name + "-access-key"), let secret = reader.text(name + "-secret-key"), isKey(key),
            isKey(secret)
        else { throw SettingsFault("The keys of the \(name) are missing: set \(name)-file, or its two variables.") }
        return S3Keys(accessKey: key, secret: S3Secret(secret))
    }

    private static func isKey(_ text: String) -> Bool {
        1...512 ~= text.utf8.count && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    /// Reads a node: words of the form `name=value`.
    /// - Parameter keys: the keys of the broker or the poster, from the file that the node names for it, if it does.
    private static func node(_ text: String, keys: (String, String?) throws(SettingsFault) -> S3Keys)
        throws(SettingsFault) -> (Node, NodeAccess)
    {
        var values: [String: String] = [:]
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, names.contains(parts[0]), values[parts[0]] == nil, !parts[1].isEmpty else {
                throw SettingsFault(
                    "node has words of the form name=value, each once: \(names.joined(separator: ", "))."
                )
            }
            values[parts[0]] = parts[1]
        }
        guard let name = values["name"], let endpoint = values["endpoint"], let bucket = values["bucket"] else {
            throw SettingsFault("node needs name, endpoint and bucket.")
        }
        guard isWord(name, 1...64), isWord(bucket, 3...63) else {
            throw SettingsFault(
                "The name of a node, and its bucket, are of lower-case letters, digits, dots and dashes."
            )
        }
        let sts = values["sts"] ?? endpoint
        guard isOrigin(endpoint), isOrigin(sts) else {
            throw SettingsFault("endpoint and sts are http:// or https://, a host and a port, without a path.")
        }
        let region = values["region"] ?? "us-east-1"
        guard isWord(region, 1...64) else { throw SettingsFault("region is a word such as eu-west-1.") }
        let call: NodeAccess.Call
        switch values["call"] ?? "federation" {
        case "federation": call = .federation
        case let text where text.hasPrefix("role:arn:"): call = .role(String(text.dropFirst(5)))
        default: throw SettingsFault("call is federation, or role: and the ARN of a role.")
        }
        guard let capacity = Int(values["capacity"] ?? "10000"), 0...1_000_000_000 ~= capacity else {
            throw SettingsFault("capacity is a whole number: how many chains the node may have.")
        }
        // Devices refuse a store without TLS by themselves, unless it is on their machine or their app allows it.
        guard let address = S3Address(endpoint: endpoint, region: region, bucket: bucket, allowsPlain: true) else {
            throw SettingsFault("endpoint names a host, and bucket has 3 to 63 letters, digits, hyphens and dots.")
        }
        let broker = try keys("broker", values["broker-file"])
        let poster = try keys("poster", values["poster-file"])
        guard broker.accessKey != poster.accessKey else {
            throw SettingsFault(
                "broker and poster are one identity: a store may then give sessions the poster's rights."
            )
        }
        let state = values["state"] ?? "up"
        guard ["up", "down", "backoff"].contains(state) else { throw SettingsFault("state is up, down or backoff.") }
        return (
            Node(name: name, capacity: capacity, isDowned: state == "down", isBackedOff: state == "backoff"),
            NodeAccess(
                name: name,
                address: address,
                sts: sts,
                call: call,
                broker: broker,
                poster: poster
            )
        )
    }

    private static let names = [
        "name", "endpoint", "bucket", "region", "sts", "call", "capacity", "state", "broker-file", "poster-file",
    ]

    private static func isWord(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length ~= text.utf8.count
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let authority = text.dropFirst(scheme.count)
        return !authority.isEmpty
            && authority.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"),
                    UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
}
