import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupS3

/// The options that say where the chain's store is, and whom to believe about it.
struct ChainPlaceOptions: SharedOptions {
    @Option(help: ArgumentHelp("A bucket of your own, as https://HOST/BUCKET[?region=NAME].", valueName: "url"))
    var bucket: String?

    @Option(
        help: ArgumentHelp("A PEM file with the authorities to trust, instead of the system's.", valueName: "file")
    )
    var caFile: PathArgument?

    @Flag(
        inversion: .prefixedNo,
        help: "Allow a store without TLS on another machine. For a network of your own only."
    )
    var allowPlain: Bool?

    /// Checks the values that the argument parser takes as they are.
    func check() throws {
        if bucket != nil { _ = try bucketAddress() }
    }

    /// The place of the chain's store.
    func place() throws -> ChainPlace {
        guard bucket != nil else { throw ChainUsage.placeMissing }
        return .bucket(try bucketAddress(), keys: try BucketKeys())
    }

    /// The authorities to trust.
    var roots: TrustedRoots { caFile.map { TrustedRoots(pemPath: $0.bytes) } ?? .system }

    private func bucketAddress() throws -> S3Address {
        try SettingSources.checked("bucket") {
            try BucketURL.address(bucket ?? "", allowPlain: allowPlain ?? false)
        }
    }
}

/// The place of a chain's store.
enum ChainPlace: Sendable {
    /// A bucket of the person's own.
    case bucket(S3Address, keys: BucketKeys)

    /// The store.
    func store(trusting roots: TrustedRoots) -> S3Store {
        switch self {
        case .bucket(let address, let keys):
            S3Store(address, credentials: keys, trusting: roots, limits: Self.limits)
        }
    }

    /// A text by which the place is known again.
    var key: String {
        switch self {
        case .bucket(let address, _): "\(address.endpoint)/\(address.bucket)"
        }
    }

    /// The place in words for a person.
    var shown: String {
        switch self {
        case .bucket(let address, _): "the bucket \(address.bucket) at \(address.endpoint)"
        }
    }

    /// The members of an event.
    var members: [(String, JSONValue)] {
        switch self {
        case .bucket(let address, _):
            [
                ("service", .null), ("endpoint", .string(address.endpoint)), ("bucket", .string(address.bucket)),
                ("region", .string(address.region)),
            ]
        }
    }

    /// The limits of the calls: a person waits, and the chain tries again.
    private static var limits: S3Limits {
        var limits = S3Limits()
        limits.tries = 2
        limits.callTimeout = .seconds(30)
        return limits
    }
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
        guard allowPlain || made(false) != nil else { throw .bucketPlain }
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
