package import EasySetupSeed

/// The requests of each chain in the minute that runs (`Protocol/credentials.md`, "Limits").
///
/// Devices with the seed and devices with a certificate have counts of their own, so that no device without the seed can hold
/// up its revocation, or what its chain's members do.
package struct AskerRates: Sendable {
    private var members: Rates<UserID>
    private var devices: Rates<Device>

    /// A device with a certificate, or all such devices of a chain.
    private struct Device: Hashable {
        let user: UserID
        /// The device's id; nil for all of the chain.
        let id: [UInt8]?
    }

    /// - Parameter keys: how many chains are counted at a time, and how many devices.
    package init(keys: Int) {
        members = Rates(period: 60, keys: keys)
        devices = Rates(period: 60, keys: keys)
    }

    /// Takes another number of keys.
    package mutating func set(keys: Int) {
        members.keys = keys
        devices.keys = keys
    }

    /// Counts a request if its device may make one more; returns the seconds to wait otherwise.
    package mutating func take(_ asker: Asker, of user: UserID, _ limits: ServiceLimits, now: Int) -> Int? {
        switch asker {
        case .seed:
            return members.take(user, limit: limits.requestsPerUser, now: now)
        case .device(let rights):
            // The one device comes first, so that it does not use up what all have together.
            let one = Device(user: user, id: rights.device)
            return devices.take(one, limit: limits.requestsPerDevice, now: now)
                ?? devices.take(Device(user: user, id: nil), limit: limits.requestsPerUser, now: now)
        }
    }
}
