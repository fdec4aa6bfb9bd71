/// The release of EasySetup that this source belongs to. Library, relay and program take their version from here.
package enum Release {
    /// By semantic versioning (semver.org): the newest heading of `CHANGELOG.md`.
    package static let version = "0.1.0"
}
