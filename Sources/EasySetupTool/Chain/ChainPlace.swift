import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupS3

/// The options that say where the chain's store is.
struct ChainTargetOptions: SharedOptions {
    @Option(
        help: ArgumentHelp("The service that gives the chain its place in a store, as https://HOST.", valueName: "url")
    )
    var service: String?

    @Option(
        help: ArgumentHelp(
            "Instead of a service: a bucket of your own, as https://HOST/BUCKET[?region=NAME].",
            valueName: "url"
        )
    )
    var bucket: String?
}

/// The options that say where the chain's store is, and whom to believe about it.
struct ChainPlaceOptions: SharedOptions {
    @OptionGroup var target: ChainTargetOptions

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the invitation that a service asks of a new chain; asked for without it.",
            valueName: "file"
        )
    )
    var invitationFile: PathArgument?

    @Option(
        help: ArgumentHelp("A PEM file with the authorities to trust, instead of the system's.", valueName: "file")
    )
    var caFile: PathArgument?

    @Flag(
        inversion: .prefixedNo,
        help: "Allow a store or service without TLS on another machine. For a network of your own only."
    )
    var allowPlain: Bool?

    private var service: String? { target.service }
    private var bucket: String? { target.bucket }

    /// Whether a service or a bucket is named with the call itself.
    var isOption: Bool { rank(of: "service", service) == .option || rank(of: "bucket", bucket) == .option }

    /// Whether the place is a service.
    var isService: Bool { if case .service? = try? place() { true } else { false } }

    /// Checks the values that the argument parser takes as they are.
    func check() throws {
        if bucket != nil { _ = try bucketAddress() }
        if service != nil { _ = try serviceAddress() }
    }

    /// The place of the chain's store.
    func place() throws -> ChainPlace {
        switch (service, bucket) {
        case (nil, nil): throw ChainUsage.placeMissing
        case (_?, nil): return .service(try serviceAddress(), allowsPlain: allowsPlain)
        case (nil, _?): return .bucket(try bucketAddress(), keys: try BucketKeys())
        case (_?, _?):
            // A place that is given with the call beats one that is kept.
            switch (rank(of: "service", service), rank(of: "bucket", bucket)) {
            case let (service, bucket) where service < bucket:
                return .service(try serviceAddress(), allowsPlain: allowsPlain)
            case let (service, bucket) where bucket < service:
                return .bucket(try bucketAddress(), keys: try BucketKeys())
            default: throw ChainUsage.twoPlaces
            }
        }
    }

    private func rank(of option: String, _ value: String?) -> SettingRank {
        value == nil ? .standard : SettingRank(SettingSources.current[option])
    }

    /// The invitation in the file; nil if none is named.
    /// - Throws: ``ChainUsage/invitationFile``.
    var invitation: String? {
        get throws(ChainUsage) {
            guard let invitationFile else { return nil }
            do throws(CommandError) {
                return try Input.readLine(path: invitationFile, limit: 256).revealed()
            } catch {
                throw .invitationFile
            }
        }
    }

    /// The authorities to trust.
    var roots: TrustedRoots { caFile.map { TrustedRoots(pemPath: $0.bytes) } ?? .system }

    private var allowsPlain: Bool { allowPlain ?? false }

    private func bucketAddress() throws -> S3Address {
        try SettingSources.checked("bucket") {
            try BucketURL.address(bucket ?? "", allowPlain: allowsPlain)
        }
    }

    private func serviceAddress() throws -> String {
        try SettingSources.checked("service") {
            let text = service ?? ""
            guard !text.contains("@") else { throw ChainUsage.serviceSecret }
            guard RelayAddress(web: text, allowsPlain: true) != nil else { throw ChainError.service(.address) }
            guard RelayAddress(web: text, allowsPlain: allowsPlain) != nil else { throw ChainUsage.placePlain }
            return text
        }
    }
}

/// The place of a chain's store.
enum ChainPlace: Sendable {
    /// A service that gives out credentials, by its address.
    case service(String, allowsPlain: Bool)
    /// A bucket of the person's own.
    case bucket(S3Address, keys: BucketKeys)

    /// A text by which the place is known again.
    var key: String {
        switch self {
        case .service(let url, _): url
        case .bucket(let address, _): "\(address.endpoint)/\(address.bucket)"
        }
    }
}

/// The order of the places of a setting: an option beats a variable, a variable the file.
private enum SettingRank: Int, Comparable {
    case option, variable, file, standard

    /// - Parameter source: the place of a value that no option gave; nil for a value of an option.
    init(_ source: SettingSource?) {
        switch source {
        case .option, nil: self = .option
        case .variable: self = .variable
        case .line: self = .file
        case .standard: self = .standard
        }
    }

    static func < (left: SettingRank, right: SettingRank) -> Bool { left.rawValue < right.rawValue }
}

/// The address of a bucket as a person writes it: the store's address, a slash and the bucket's name.
enum BucketURL {
    /// Reads an address.
    /// - Parameter allowPlain: whether `http` to another machine is allowed.
    static func address(_ text: String, allowPlain: Bool) throws(ChainUsage) -> S3Address {
        guard let scheme = text.firstRange(of: "://") else { throw .badBucket }
        let rest = text[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { throw .badBucket }
        guard !rest[..<slash].contains("@") else { throw .bucketSecret }
        let parts = rest[rest.index(after: slash)...].split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        var bucket = parts[0]
        if bucket.hasSuffix("/") { bucket = bucket.dropLast() }
        var region = Variables.value("AWS_REGION") ?? Variables.value("AWS_DEFAULT_REGION") ?? "us-east-1"
        if parts.count > 1 {
            guard parts[1].hasPrefix("region=") else { throw .badBucket }
            region = String(parts[1].dropFirst("region=".count))
        }
        let made = { (plain: Bool) in
            S3Address(
                endpoint: String(text[..<slash]),
                region: region,
                bucket: String(bucket),
                allowsPlain: plain
            )
        }
        guard let any = made(true) else { throw .badBucket }
        guard allowPlain || made(false) != nil else { throw .placePlain }
        return any
    }
}

/// The keys of a bucket of the person's own, from AWS's usual variables.
struct BucketKeys: S3CredentialsSource {
    private let keys: S3Keys

    /// Reads the variables.
    /// - Throws: ``ChainUsage/keysMissing``.
    init() throws(ChainUsage) {
        guard let accessKey = Variables.value("AWS_ACCESS_KEY_ID"),
            let secret = Variables.value("AWS_SECRET_ACCESS_KEY")
        else { throw .keysMissing }
        keys = S3Keys(
            accessKey: accessKey,
            secret: S3Secret(secret),
            sessionToken: Variables.value("AWS_SESSION_TOKEN").map { S3Secret($0) }
        )
    }

    func credentials() async throws(ObjectStoreError) -> S3Credentials {
        S3Credentials(keys: keys, forms: nil, ends: nil)
    }
}
