// swift-tools-version: 6.2

import PackageDescription

/// Those of an app: the examples use nothing but the products of the package above, and no upcoming feature.
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let easySetup: Target.Dependency = .product(name: "EasySetup", package: "EasySetup")
let relay: Target.Dependency = .product(name: "EasySetupRelay", package: "EasySetup")
let chain: Target.Dependency = .product(name: "EasySetupChain", package: "EasySetup")
let testing: Target.Dependency = .product(name: "EasySetupTesting", package: "EasySetup")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// SwiftUI exists on Apple's systems. Elsewhere a stand-in with the few names that the screen uses lets the compiler check
/// the screen, and the tests read its texts.
#if canImport(Darwin)
let swiftUI: [Target] = []
#else
let swiftUI: [Target] = [.target(name: "SwiftUI", path: "SwiftUI", swiftSettings: settings)]
#endif

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v26), .iOS(.v26)],
    dependencies: [
        .package(name: "EasySetup", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: swiftUI + [
        // Two devices side by side in a terminal; run by scripts/two-devices.
        .executableTarget(name: "two-devices", dependencies: [easySetup, relay, log], swiftSettings: settings),
        // The screen of docs/swiftui.md.
        .target(
            name: "AddDevice",
            dependencies: [easySetup] + swiftUI.map { .target(name: $0.name) },
            swiftSettings: settings
        ),
        .testTarget(
            name: "AddDeviceTests",
            dependencies: ["AddDevice", easySetup, testing] + swiftUI.map { .target(name: $0.name) },
            swiftSettings: settings
        ),
        // Notes that paired devices keep in step: the article of the chain.
        .executableTarget(name: "notes", dependencies: [easySetup, chain], swiftSettings: settings),
        .testTarget(name: "NotesTests", dependencies: ["notes", easySetup, chain, testing], swiftSettings: settings),
        .testTarget(name: "TwoDevicesTests", dependencies: ["two-devices"], swiftSettings: settings),
    ]
)
