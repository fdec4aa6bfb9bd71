import EasySetup
import EasySetupChain
import EasySetupSeed

/// The output about a membership that a device has in place of the seed.
struct MembershipReport {
    let membership: Membership

    /// Writes the event about the membership. It has nothing secret.
    func write(_ output: Output) {
        output.event(
            "membership",
            [
                ("user_id", .string(membership.userID.fingerprint)), ("device", .string(membership.device.text)),
            ] + membership.scope.fields,
            people: """
                This device has a membership, and not the seed. It can give nothing on.
                Collections:                \(membership.scope.text)
                User id:                    \(membership.userID.fingerprint)
                Device:                     \(membership.device.text)
                """
        )
    }
}

extension FileSeedStore {
    /// The stored seed.
    /// - Throws: ``CommandError/membershipStored(_:)`` or ``CommandError/noSeedStored`` if there is none.
    func seed() async throws -> SyncSeed {
        switch try await access() {
        case .seed(let seed): return seed
        case .membership(let membership): throw CommandError.membershipStored(membership.scope)
        case nil: throw CommandError.noSeedStored
        }
    }
}
