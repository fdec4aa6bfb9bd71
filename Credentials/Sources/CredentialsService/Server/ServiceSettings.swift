package import CredentialsCore
package import EasySetupRelay

/// The operator's decisions about the calls of devices.
package struct ServiceSettings: Sendable {
    /// The hosts by which devices know the service.
    package var hosts: Set<String>
    /// The people who may register a chain.
    package var registration = Registration.invitation
    /// Whether the plain request is answered.
    package var allowsPlain = false
    /// The proxies that are believed about addresses.
    package var proxies = TrustedProxies.none
    /// The limits.
    package var limits = ServiceLimits()

    /// Makes settings with their defaults.
    package init(hosts: Set<String>) {
        self.hosts = hosts
    }
}
