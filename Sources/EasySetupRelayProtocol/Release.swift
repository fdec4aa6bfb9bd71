/// The release of EasySetup to which this source belongs. The library, the relay and the command-line program take
/// their version from here.
package enum Release {
    /// The semantic version (semver.org): that of the newest heading in `CHANGELOG.md`.
    package static let version = "0.1.0"
}
