/// The release of EasySetup that this source belongs to. The library, the relay and the program take their version from
/// here.
package enum Release {
    /// The semantic version (semver.org): that of the newest heading in `CHANGELOG.md`.
    package static let version = "0.1.0"
}
