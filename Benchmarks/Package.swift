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
let testing: Target.Dependency = .product(name: "EasySetupTesting", package: "EasySetup")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "EasySetup", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // The generator of load speaks TLS by OpenSSL, on sockets of its own.
        .systemLibrary(name: "CLoad", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // A free port, for the programs that start servers.
        .target(name: "Loopback", packageAccess: false, swiftSettings: settings),
        // Measures a relay from outside; run by scripts/bench.
        .executableTarget(
            name: "bench",
            dependencies: ["CLoad", "Loopback", device, arguments],
            packageAccess: false,
            swiftSettings: settings
        ),
        // One device of a chain at a real store; run by scripts/bench-chain.
        .executableTarget(
            name: "chainbench",
            dependencies: [device, chain, arguments],
            packageAccess: false,
            swiftSettings: settings
        ),
        // Counts what the program that links it asks of malloc.
        .target(name: "CountedMemory"),
        // Counts what a relay uses; run by scripts/counts.
        .executableTarget(
            name: "counted",
            dependencies: ["CountedMemory", "CLoad", "Loopback", relay, log, arguments],
            packageAccess: false,
            swiftSettings: settings
        ),
        // The parsing and the sums of the bench; nothing is measured.
        .testTarget(
            name: "BenchTests",
            dependencies: ["bench", "chainbench", device, chain, testing],
            packageAccess: false,
            swiftSettings: settings
        ),
    ]
)
