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

/// Swift's runtime is a part of the library, because a C program has none. The version script hides its symbols and all
/// others that the header does not declare. `nodelete`, because Swift's runtime can't be unloaded. `Bsymbolic`, because
/// a Swift program that loads the library has a runtime of its own. LLVM's linker, because the other one writes local
/// symbols into the table of exported ones; it must keep the sections that Swift's runtime finds by their names.
let linking: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-use-ld=lld"]
            + [
                "-soname", "libeasysetup.so.0", "--version-script=\(Context.packageDirectory)/easysetup.map",
                "-z", "nodelete", "-z", "defs", "-z", "nostart-stop-gc", "-Bsymbolic", "--gc-sections",
            ]
            .flatMap { ["-Xlinker", $0] },
        .when(platforms: [.linux])
    )
]

let package = Package(
    name: "Bindings",
    products: [
        // Not `easysetup`, which is the program of the package above.
        .library(name: "easysetup_c", type: .dynamic, targets: ["EasySetupC"])
    ],
    dependencies: [.package(name: "EasySetup", path: "..")],
    targets: [
        // The header of the library. It declares the functions, and the compiler compares them with the Swift below.
        .target(name: "CEasySetup", packageAccess: false),
        // The C interface; built and installed by scripts/library.
        .target(
            name: "EasySetupC",
            dependencies: ["CEasySetup", .product(name: "EasySetup", package: "EasySetup")],
            packageAccess: false,
            swiftSettings: settings,
            linkerSettings: linking
        ),
    ]
)
