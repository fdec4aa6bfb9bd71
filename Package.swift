// swift-tools-version: 6.2

import PackageDescription

/// Set by scripts/fuzz: our modules are built to be watched by libFuzzer, and Tests/FuzzTests as a program in place of tests.
let isFuzzing = Context.environment["EASYSETUP_FUZZ"] == "1"

/// Every target of ours: Swift 6 mode, the upcoming features, no warning tolerated.
let settings: [SwiftSetting] =
    (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])] : []) + [
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

/// The targets that touch secrets or parse what strangers send also mark every unsafe expression.
let strict: [SwiftSetting] = settings + [.strictMemorySafety()]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

/// Every parser under any input: a program on libFuzzer, or tests that run the inputs of Tests/FuzzTests/Corpus.
let fuzzed: [Target.Dependency] = [
    "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupRelayCore", "EasySetupRelay",
    "EasySetupPairingSession", "EasySetup", crypto, log,
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOEmbedded", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
]
let fuzz: Target =
    isFuzzing
    ? .executableTarget(
        name: "fuzz",
        dependencies: fuzzed,
        path: "Tests/FuzzTests",
        exclude: ["Corpus", "CorpusTests.swift"],
        swiftSettings: settings + [.enableExperimentalFeature("Extern")],
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
    )
    : .testTarget(
        name: "FuzzTests",
        dependencies: fuzzed + ["TestSupport"],
        exclude: ["Corpus", "Runner"],
        swiftSettings: settings
    )

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
        .executable(name: "easysetup", targets: ["EasySetupTool"]),
    ],
    dependencies: [
        // HKDF, HMAC, SHA-2 and X-Wing, which libsodium 1.0.18 lacks.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // The network, HTTP calls of devices included: async-http-client would bring full Foundation and minutes of building
        // for what two handlers of NIO's do. At least 2.100: the limits on HTTP headers begin there.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // The wire format. Its default traits bring full Foundation, and some 40 MB; neither is used here.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        // The heap of a relay's deadlines.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // The command line, its logs, its way to stop.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: sodium + [
        .systemLibrary(
            name: "CQREncode",
            pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"]), .brew(["qrencode"])]
        ),
        .systemLibrary(name: "CProcess"),
        .target(name: "EasySetupSeed", dependencies: ["CSodium", crypto], swiftSettings: strict),
        .target(
            name: "EasySetupHandshake",
            dependencies: ["EasySetupSeed", "CSodium", crypto, protobuf],
            swiftSettings: strict
        ),
        .target(name: "EasySetupRelayProtocol", dependencies: [protobuf], swiftSettings: strict),
        .target(
            name: "EasySetupRelayCore",
            dependencies: [
                "EasySetupRelayProtocol", crypto,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "EasySetupRelay",
            dependencies: [
                "EasySetupRelayProtocol", "EasySetupRelayCore", "CProcess", crypto, log,
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nio,
            swiftSettings: settings
        ),
        .target(
            name: "EasySetupPairingSession",
            dependencies: ["EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", crypto],
            swiftSettings: strict
        ),
        .target(
            name: "EasySetup",
            dependencies: [
                "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupPairingSession", log,
            ] + nio,
            swiftSettings: settings
        ),
        .executableTarget(
            name: "EasySetupTool",
            dependencies: [
                "EasySetupSeed", "EasySetupHandshake", "EasySetup", "EasySetupRelay", "EasySetupRelayProtocol",
                "CQREncode", "CProcess", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // Measures a relay from outside; run by scripts/bench. It speaks TLS by OpenSSL, on sockets of its own.
        .systemLibrary(name: "CLoad", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CLoad", "EasySetupRelayProtocol", "EasySetupHandshake", "EasySetupSeed",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        // Writes Protocol/vectors; run by scripts/vectors.
        .executableTarget(
            name: "make-vectors",
            dependencies: [
                "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupRelayCore", crypto,
            ],
            swiftSettings: settings
        ),
        // Worlds of devices, relays and strangers under one seeded scheduler, for tests and for scripts/worlds.
        .target(
            name: "Simulator",
            dependencies: [
                "EasySetupPairingSession", "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol",
                "EasySetupRelayCore",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            path: "Tests/Simulator",
            swiftSettings: settings
        ),
        // Ordinary memory in place of libsodium's guarded one, for the program that runs worlds and for nothing else.
        .target(name: "PlainMemory", path: "Tests/PlainMemory"),
        .executableTarget(
            name: "worlds",
            dependencies: [
                "Simulator", "PlainMemory", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/worlds",
            swiftSettings: settings
        ),
        // Counts what the program that links it asks of malloc; for the one that counts what a relay uses, run by scripts/counts.
        .target(name: "CountedMemory", path: "Tests/CountedMemory"),
        .executableTarget(
            name: "counted",
            dependencies: [
                "CountedMemory", "CLoad", "EasySetupRelay", "EasySetupRelayProtocol", "EasySetupRelayCore", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/counted",
            exclude: ["BOUNDS"],
            swiftSettings: settings
        ),
        // What several test targets share: a relay in the test's process, the built program as a process.
        .target(
            name: "TestSupport",
            dependencies: [
                "EasySetup", "EasySetupSeed", "EasySetupHandshake", "EasySetupRelay", "EasySetupRelayCore", log,
            ],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        .testTarget(name: "EasySetupSeedTests", dependencies: ["EasySetupSeed", crypto], swiftSettings: settings),
        .testTarget(
            name: "EasySetupHandshakeTests",
            dependencies: ["EasySetupHandshake", "EasySetupSeed"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EasySetupRelayProtocolTests",
            dependencies: ["EasySetupRelayProtocol", protobuf],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EasySetupRelayCoreTests",
            dependencies: ["EasySetupRelayCore", "EasySetupRelayProtocol", "TestSupport", crypto],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EasySetupRelayTests",
            dependencies: [
                "EasySetupRelay", "EasySetupRelayProtocol", "EasySetupRelayCore", "TestSupport", log,
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ] + nio,
            swiftSettings: settings
        ),
        .testTarget(
            name: "EasySetupPairingSessionTests",
            dependencies: [
                "EasySetupPairingSession", "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol",
                "EasySetupRelayCore", "TestSupport",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EasySetupTests",
            dependencies: [
                "EasySetupTool", "EasySetup", "EasySetupPairingSession", "EasySetupSeed", "EasySetupHandshake",
                "EasySetupRelay", "EasySetupRelayProtocol", "EasySetupRelayCore",
                "TestSupport", crypto, log,
            ]
                + nio,
            swiftSettings: settings
        ),
        .testTarget(
            name: "SimulatorTests",
            dependencies: [
                "Simulator", "EasySetupPairingSession", "EasySetupRelayProtocol", "EasySetupRelayCore", "TestSupport",
            ],
            swiftSettings: settings
        ),
        // Every file of Protocol/vectors, run by its kind.
        .testTarget(
            name: "VectorTests",
            dependencies: [
                "EasySetupSeed", "EasySetupHandshake", "EasySetupRelayProtocol", "EasySetupRelayCore", crypto,
            ],
            swiftSettings: settings
        ),
        // Whole pairings over real sockets, behind a proxy that lets one thing go wrong.
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "EasySetupTool", "EasySetup", "EasySetupSeed", "EasySetupHandshake", "EasySetupRelay",
                "EasySetupRelayProtocol", "EasySetupRelayCore",
                "TestSupport",
            ]
                + nio,
            exclude: ["RESULTS.md"],
            swiftSettings: settings
        ),
        // The built program, as a person or a script runs it.
        .testTarget(
            name: "EasySetupToolTests",
            dependencies: [
                "EasySetupTool", "EasySetupSeed", "EasySetupHandshake", "EasySetup", "EasySetupRelay", "TestSupport",
                log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["SCREENS.md"],
            swiftSettings: settings
        ),
        // What the bench parses and reckons, and whether it pairs; nothing is measured.
        .testTarget(
            name: "BenchTests",
            dependencies: ["bench", "EasySetupHandshake", "EasySetupRelayProtocol", "TestSupport"],
            swiftSettings: settings
        ),
        // Strangers against the built relay; run by scripts/hostile.
        .testTarget(
            name: "HostileTests",
            dependencies: [
                "EasySetupTool", "EasySetupSeed", "EasySetupHandshake", "EasySetup", "EasySetupRelayProtocol",
                "TestSupport",
            ],
            swiftSettings: settings
        ),
        fuzz,
    ]
)
