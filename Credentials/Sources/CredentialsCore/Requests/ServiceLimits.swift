/// The limits of the service (`Protocol/credentials.md`, "Limits").
package struct ServiceLimits: Hashable, Sendable {
    /// By how many seconds a device's clock may differ from the service's, either way.
    package var clockWindow = 120
    /// How many nonces are kept at a time. Further requests are refused until some have ended, because a nonce that is
    /// forgotten could be used again.
    package var nonces = 100_000
    /// How many requests one address prefix may make in a minute; wider blocks may make 8 and 64 times as many.
    package var requestsPerPrefix = 60
    /// How many chains one address prefix may register in an hour.
    package var registrationsPerPrefix = 20
    /// How many requests the devices with the seed of one chain may make in a minute together, and how many those without.
    package var requestsPerUser = 60
    /// How many requests one device without the seed may make in a minute.
    package var requestsPerDevice = 6
    /// How many address prefixes, chains or devices one table of rates counts.
    package var ratedKeys = 50_000
    /// How many devices of a chain may be revoked.
    package var revocationsPerUser = 1_000
    /// How many objects a chain may have before devices without the seed get no forms for writing. Those with the seed get
    /// theirs up to a tenth more (``Quota``).
    package var objectsPerUser = 100_000
    /// How many times an hour a device with the seed gets a form for a few minutes in a chain that has more than that.
    package var cleanupsPerUser = 1

    /// Makes limits with their defaults.
    package init() {}
}
