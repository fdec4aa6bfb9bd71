// swift-tools-version: 6.2

import PackageDescription

/// Set by scripts/fuzz: libFuzzer sees which parts of our modules an input reaches. `short` is for a second of each target,
/// for which the optimizer would take longer than it saves.
let fuzzing = Context.environment["EASYSETUP_FUZZ"] ?? ""
let isFuzzing = ["1", "short"].contains(fuzzing)

let features = [
    "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
    "InferIsolatedConformances", "ImmutableWeakCaptures",
]
let settings: [SwiftSetting] =
    (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"] + (fuzzing == "short" ? ["-Onone"] : []))] : [])
    + [.swiftLanguageMode(.v6)] + features.map { .enableUpcomingFeature($0) }
    + [.enableExperimentalFeature("Lifetimes"), .treatAllWarnings(as: .error)]

/// The modules that touch secrets or parse what strangers send: each unsafe expression in them is marked.
let strict: Set = [
    "EasySetupText", "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupRelayCore",
    "EasySetupPairingSession", "EasySetupPicture", "EasySetupChain", "EasySetupS3", "EasySetupFleetStore",
    "EasySetupFleet",
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let metricsTests: [Target.Dependency] = [metrics, .product(name: "MetricsTestKit", package: "swift-metrics")]
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let embedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nio: [Target.Dependency] =
    ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOTLS", "NIOWebSocket"].map { .product(name: $0, package: "swift-nio") }
    + [.product(name: "NIOSSL", package: "swift-nio-ssl")]

let program: [Target.Dependency] = [
    log, lifecycle, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "Configuration", package: "swift-configuration"),
]

/// The pure modules of a device, all modules of a device, and those that only a relay has: for tests in which they meet.
let session: [Target.Dependency] = [
    "EasySetupSeed", "EasySetupChain", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupPairingSession",
]
let device: [Target.Dependency] = session + ["EasySetup"]
let relay: [Target.Dependency] = ["EasySetupRelayCore", "EasySetupFleetStore", "EasySetupFleet", "EasySetupRelay"]

/// What tests of several modules share.
let shared: [Target.Dependency] = ["SeededRandom", "TestSupport"]

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude)
}

/// libsodium: the system's, or an XCFramework for Apple's systems that install no libraries (docs/apple.md).
let sodium: [Target] =
    Context.environment["EASYSETUP_SODIUM"] == "xcframework"
    ? [
        .binaryTarget(name: "Clibsodium", path: "Clibsodium.xcframework"),
        .target(name: "CSodium", dependencies: ["Clibsodium"], publicHeadersPath: "."),
    ]
    : [
        .systemLibrary(
            name: "CSodium",
            pkgConfig: "libsodium",
            providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]
        )
    ]

let package = Package(
    name: "EasySetup",
    // CryptoKit has X-Wing from these versions on (swift-crypto is CryptoKit there); Span and InlineArray ask for no more.
    platforms: [.macOS(.v26), .iOS(.v26), .macCatalyst(.v26), .tvOS(.v26), .visionOS(.v26)],
    products: [
        .library(name: "EasySetup", targets: ["EasySetup"]),
        .library(name: "EasySetupRelay", targets: ["EasySetupRelay"]),
        // For an app's test target: a relay in memory, a clock by hand, scripted peers.
        .library(name: "EasySetupTesting", targets: ["EasySetupTesting"]),
        // The work of paired devices together: encrypted records in step over a store.
        .library(name: "EasySetupChain", targets: ["EasySetupChain", "EasySetupS3"]),
        .executable(name: "easysetup", targets: ["EasySetupTool"]),
    ],
    dependencies: [
        // HKDF, HMAC, SHA-2 and X-Wing, which libsodium 1.0.18 lacks.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // The network. async-http-client would bring full Foundation for what two handlers of NIO's do.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // The wire format, without the traits that bring full Foundation, some 40 MB.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        // The heap of a relay's deadlines.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // The command line, its logs, its way to stop.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // Which of a variable and a file gives a setting; without the traits, which bring full Foundation (docs/decisions/settings.md).
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        // Where a program with a relay inside takes the relay's numbers from, whatever it exports them with.
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: sodium + [
        .systemLibrary(
            name: "CQREncode",
            pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"]), .brew(["qrencode"])]
        ),
        .systemLibrary(name: "CProcess"),
        // libpng, libjpeg-turbo and ZBar, opened when a picture is there: docs/decisions/pictures.md.
        .systemLibrary(name: "CPicture", providers: [.apt(["libpng-dev", "libturbojpeg0-dev", "libzbar-dev"])]),
        .target(name: "EasySetupText"),
        .target(name: "EasySetupSeed", dependencies: ["CSodium", crypto]),
        .target(
            name: "EasySetupHandshake",
            dependencies: ["EasySetupText", "EasySetupSeed", "EasySetupChain", "CSodium", crypto, protobuf]
        ),
        .target(name: "EasySetupRelayProtocol", dependencies: ["EasySetupText", protobuf]),
        .target(name: "EasySetupRelayCore", dependencies: ["EasySetupRelayProtocol", crypto, deque, heap]),
        .target(name: "EasySetupFleetStore"),
        .target(
            name: "EasySetupFleet",
            dependencies: [
                "EasySetupRelayProtocol", "EasySetupRelayCore", "EasySetupFleetStore", "CSodium", crypto, deque,
            ]
        ),
        .target(
            name: "EasySetupRelay",
            dependencies: [
                "EasySetupRelayProtocol", "EasySetupRelayCore", "EasySetupFleetStore", "EasySetupFleet", "CProcess",
                crypto, log, metrics, lifecycle,
            ] + nio
        ),
        .target(
            name: "EasySetupPairingSession",
            dependencies: ["EasySetupSeed", "EasySetupChain", "EasySetupHandshake", "EasySetupRelayProtocol", crypto]
        ),
        .target(name: "EasySetup", dependencies: session + [log] + nio),
        .target(name: "EasySetupChain", dependencies: ["EasySetupText", "EasySetupSeed", "CSodium", crypto, protobuf]),
        .target(
            name: "EasySetupS3",
            dependencies: [
                "EasySetupSeed", "EasySetupHandshake", "EasySetupPairingSession", "EasySetupChain", "EasySetup", crypto,
            ]
        ),
        .target(name: "EasySetupTesting", dependencies: device + ["EasySetupRelayCore", log]),
        // QR codes as pictures: for the program alone.
        .target(name: "EasySetupPicture", dependencies: ["EasySetupSeed", "CPicture", "CProcess"]),
        .executableTarget(
            name: "EasySetupTool",
            dependencies: [
                "EasySetupText", "EasySetupSeed", "EasySetupHandshake", "EasySetup", "EasySetupRelay",
                "EasySetupRelayProtocol", "EasySetupPicture", "EasySetupChain", "EasySetupS3", "CQREncode", "CProcess",
            ] + program
        ),

        .target(name: "SeededRandom", path: "Tests/SeededRandom"),
        // Worlds of devices, relays and strangers under one seeded scheduler; Tools/ has the program that runs many.
        .target(
            name: "Simulator",
            dependencies: session
                + ["EasySetupRelayCore", "EasySetupFleetStore", "EasySetupFleet", "SeededRandom", heap],
            path: "Tests/Simulator"
        ),
        // Worlds of chains: devices, a store with bad manners, and laws.
        .target(
            name: "ChainSimulator",
            dependencies: ["EasySetupChain", "EasySetupSeed", "EasySetupTesting", "SeededRandom"],
            path: "Tests/ChainSimulator"
        ),
        // A relay in the test's process, servers that are none, programs as processes, terminals.
        .target(
            name: "TestSupport",
            dependencies: device + relay + ["CSodium", crypto, log] + nio,
            path: "Tests/Support",
            exclude: ["stores.txt"]
        ),

        tests("EasySetupSeedTests", ["EasySetupSeed", crypto]),
        tests("EasySetupHandshakeTests", ["EasySetupHandshake", "EasySetupSeed", "EasySetupChain", crypto]),
        tests("EasySetupRelayProtocolTests", ["EasySetupRelayProtocol", "SeededRandom", protobuf]),
        tests("EasySetupRelayCoreTests", ["EasySetupRelayCore", "EasySetupRelayProtocol", crypto] + shared),
        tests("EasySetupFleetStoreTests", ["EasySetupFleetStore"] + shared),
        tests(
            "EasySetupFleetTests",
            ["EasySetupFleet", "EasySetupFleetStore", "EasySetupRelayProtocol", "EasySetupRelayCore"] + shared + [
                crypto
            ]
        ),
        tests(
            "EasySetupRelayTests",
            ["EasySetup", "EasySetupHandshake", "EasySetupSeed"] + relay
                + ["EasySetupRelayProtocol", log, embedded, lifecycle] + metricsTests + shared + nio
        ),
        tests("EasySetupPairingSessionTests", session + ["Simulator"] + shared),
        tests("EasySetupTests", device + relay + ["EasySetupTool", crypto, embedded, log] + shared + nio),
        tests(
            "EasySetupChainTests",
            ["EasySetupChain", "EasySetupSeed", "EasySetupTesting", "ChainSimulator", crypto, protobuf] + shared
        ),
        tests(
            "EasySetupS3Tests",
            ["EasySetupChain", "EasySetupS3", "EasySetup", "EasySetupSeed", crypto] + shared + nio,
            exclude: ["Oracle", "RESULTS.md", "Vectors"]
        ),
        tests("EasySetupTestingTests", ["EasySetup", "EasySetupChain", "EasySetupHandshake", "EasySetupTesting"]),
        tests("SimulatorTests", session + ["EasySetupRelayCore", "Simulator"] + shared),
        // Every file of Protocol/vectors, run by its kind.
        tests(
            "VectorTests",
            device + ["EasySetupRelayCore", "EasySetupFleet", "EasySetupFleetStore", "EasySetupS3", crypto]
        ),
        // Whole pairings over real sockets, behind a proxy that lets one thing go wrong; scripts/faults has all.
        tests("FaultTests", device + relay + ["EasySetupTool"] + shared + nio, exclude: ["RESULTS.md"]),
        // Relays of one fleet and their Redis as processes, while parts of it fail; scripts/fleet has all.
        tests(
            "FleetTests",
            ["EasySetup", "EasySetupHandshake", "EasySetupSeed", "EasySetupFleetStore", "EasySetupTool", log] + shared
                + nio,
            exclude: ["RESULTS.md"]
        ),
        // The built program, as a person or a script runs it.
        tests(
            "EasySetupToolTests",
            device + relay + program + ["EasySetupTool", "EasySetupPicture", "EasySetupS3"] + shared,
            exclude: ["SCREENS.md", "Sessions"]
        ),
        // Strangers against the built relay; run by scripts/hostile.
        tests("HostileTests", device + ["EasySetupTool"] + shared),
        // Every parser, under the inputs that scripts/fuzz has kept.
        tests(
            "FuzzTests",
            device + relay + ["EasySetupPicture", "EasySetupS3", crypto, log, embedded] + shared
                + nio,
            exclude: ["Corpus"]
        ),
    ]
)

if isFuzzing { package.products.append(.library(name: "EasySetupPicture", targets: ["EasySetupPicture"])) }

for target in package.targets where target.type != .system {
    target.swiftSettings = settings + (strict.contains(target.name) ? [.strictMemorySafety()] : [])
}
