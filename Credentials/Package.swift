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

let package = Package(
    name: "Credentials",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "EasySetup", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // What the service decides: requests, rights, forms, nodes, rates. No I/O, no clock, no random numbers.
        .target(
            name: "CredentialsCore",
            dependencies: [device, relay, chain, crypto],
            packageAccess: false,
            swiftSettings: settings
        ),
        .testTarget(
            name: "CredentialsCoreTests",
            dependencies: ["CredentialsCore", device, relay, chain, crypto],
            packageAccess: false,
            swiftSettings: settings
        ),
    ]
)
