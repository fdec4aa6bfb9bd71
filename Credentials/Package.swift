// swift-tools-version: 6.2

import PackageDescription

/// The name that SwiftPM gives to the package above, made of its folder's. Most of its modules can be used only by
/// targets that belong to the same package, so these here say that they do.
let owner = String(
    (Context.packageDirectory.split(separator: "/").dropLast().last ?? "").lowercased().enumerated().map {
        $0.element.isLetter || $0.offset > 0 && $0.element.isNumber ? $0.element : "_"
    }
)

let settings: [SwiftSetting] = [
    .unsafeFlags(["-package-name", owner]),
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

let device: Target.Dependency = .product(name: "EasySetup", package: "EasySetup")
let relay: Target.Dependency = .product(name: "EasySetupRelay", package: "EasySetup")
let chain: Target.Dependency = .product(name: "EasySetupChain", package: "EasySetup")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let web: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let client: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let nio: [Target.Dependency] = ["NIOCore", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "Credentials",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "easysetup-credentials", targets: ["easysetup-credentials"])],
    dependencies: [
        .package(name: "EasySetup", path: ".."),
        // The server's routes. It brings full Foundation, as GRDB does, which is why this package is apart.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // The calls to a store's STS.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        // Accounts, nodes and revocations in a file.
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The decisions of the service: requests, rights, forms, nodes, rates. No I/O, no clock, no random numbers.
        .target(
            name: "CredentialsCore",
            dependencies: [device, relay, chain],
            packageAccess: false,
            swiftSettings: settings
        ),
        // The server around it: routes, the store of accounts, the calls to STS.
        .target(
            name: "CredentialsService",
            dependencies: ["CredentialsCore", device, relay, chain, crypto, log, web, client, database]
                + nio,
            packageAccess: false,
            swiftSettings: settings
        ),
        // The program: its options, its file of settings, its signals.
        .executableTarget(
            name: "easysetup-credentials",
            dependencies: ["CredentialsCore", "CredentialsService", relay, chain, log, web, lifecycle, signals],
            packageAccess: false,
            swiftSettings: settings
        ),
        // Programs as processes and a real store, which the tests of the package above have too.
        .target(
            name: "TestSupport",
            dependencies: [device, relay, log]
                + ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOWebSocket"].map {
                    .product(name: $0, package: "swift-nio")
                } + [.product(name: "NIOSSL", package: "swift-nio-ssl")],
            path: "Shared/TestSupport",
            packageAccess: false,
            swiftSettings: settings
        ),
        .testTarget(
            name: "CredentialsCoreTests",
            dependencies: ["CredentialsCore", device, relay, chain],
            packageAccess: false,
            swiftSettings: settings
        ),
        .testTarget(
            name: "CredentialsServiceTests",
            dependencies: [
                "CredentialsCore", "CredentialsService", "TestSupport", device, relay, chain, client, log, web,
            ] + nio,
            packageAccess: false,
            swiftSettings: settings
        ),
    ]
)
