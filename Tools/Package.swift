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
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let device: Target.Dependency = .product(name: "EasySetup", package: "EasySetup")
let chain: Target.Dependency = .product(name: "EasySetupChain", package: "EasySetup")
let relay: Target.Dependency = .product(name: "EasySetupRelay", package: "EasySetup")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "Tools",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "EasySetup", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // Writes Protocol/vectors; run by scripts/vectors.
        .executableTarget(
            name: "make-vectors",
            dependencies: [device, relay, chain, crypto],
            packageAccess: false,
            swiftSettings: settings
        ),
        // Modules that the programs share with the tests. They are no products.
        .target(name: "SeededRandom", path: "Shared/SeededRandom", packageAccess: false, swiftSettings: settings),
        .target(
            name: "Simulator",
            dependencies: ["SeededRandom", device, relay, .product(name: "HeapModule", package: "swift-collections")],
            path: "Shared/Simulator",
            packageAccess: false,
            swiftSettings: settings
        ),
        .target(
            name: "ChainSimulator",
            dependencies: ["SeededRandom", chain, .product(name: "EasySetupTesting", package: "EasySetup")],
            path: "Shared/ChainSimulator",
            packageAccess: false,
            swiftSettings: settings
        ),
        // Ordinary memory in place of libsodium's guarded one, for the program that runs worlds and for nothing else.
        .target(name: "PlainMemory"),
        // Runs many worlds of the simulator; run by scripts/worlds.
        .executableTarget(
            name: "worlds",
            dependencies: ["Simulator", "ChainSimulator", "PlainMemory", arguments],
            packageAccess: false,
            swiftSettings: settings
        ),
    ]
)

// Only scripts/fuzz builds it, because the modules that it tests must be built for it.
if ["1", "short"].contains(Context.environment["EASYSETUP_FUZZ"] ?? "") {
    package.dependencies.append(.package(url: "https://github.com/apple/swift-nio", from: "2.101.2"))
    // A product for this build alone, because only the program uses the module.
    let picture: Target.Dependency = .product(name: "EasySetupPicture", package: "EasySetup")
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: ["SeededRandom", picture, device, relay, chain, crypto, log]
                + ["NIOCore", "NIOEmbedded", "NIOHTTP1", "NIOWebSocket"].map {
                    .product(name: $0, package: "swift-nio")
                },
            packageAccess: false,
            swiftSettings: settings + [.enableExperimentalFeature("Extern"), .unsafeFlags(["-sanitize=fuzzer"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
        )
    )
}
