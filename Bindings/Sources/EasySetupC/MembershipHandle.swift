import EasySetup
import EasySetupChain
import Synchronization

/// The rights of a device as C code sees them.
final class ScopeView: Sendable {
    let text: CText
    let isEverything: Bool
    /// The collections, by their names.
    let collections: [(name: CText, mayWrite: Bool)]
    let until: UInt64

    init(_ scope: AccessScope) {
        text = CText(scope.text)
        switch scope {
        case .everything:
            isEverything = true
            collections = []
            until = 0
        case .collections(let rights, let notAfter):
            isEverything = false
            collections = rights.sorted { $0.key.text < $1.key.text }.map { (CText($0.key.text), $0.value) }
            until = notAfter
        }
    }

    /// The collection at an index that C code gives; nil for an index that is none.
    func collection(at index: Int32) -> (name: CText, mayWrite: Bool)? {
        collections.indices.contains(Int(index)) ? collections[Int(index)] : nil
    }
}

/// A membership as C code names it.
final class MembershipHandle: Sendable {
    let membership: Membership
    let fingerprint: CText
    let device: CText
    /// The number of the handle of the rights, which is lent as long as this object lives.
    let scope: UInt

    init(_ membership: Membership) {
        self.membership = membership
        fingerprint = CText(membership.userID.fingerprint)
        device = CText(membership.device.text)
        scope = Handles.lend(ScopeView(membership.scope))
    }

    deinit { Handles.withdraw(scope) }
}

/// The rights that a device with the seed is about to give, and the seed.
struct PlannedGift: Sendable {
    let seed: SyncSeed
    var collections: [CollectionName: Bool] = [:]
    var generations: [CollectionName: UInt32] = [:]
    var notAfter: UInt64 = 0

    /// A gift for one pairing: each one is for a device with an id and keys of its own.
    /// - Throws: `ChainError.Code.membershipTooLarge`.
    func make() throws -> Gift {
        let given = try GivenMembership(
            collections: collections,
            generations: generations,
            notAfter: notAfter,
            of: seed
        )
        return .membership(given)
    }
}

/// A gift as C code names it.
final class GiftHandle: Sendable {
    private let content: Mutex<PlannedGift>

    init(_ seed: SyncSeed) {
        content = Mutex(PlannedGift(seed: seed))
    }

    /// The gift as it is now.
    var planned: PlannedGift { content.withLock { $0 } }

    /// Changes the gift, if the changed one fits into a pairing.
    func change(_ body: (inout PlannedGift) throws -> Void) throws {
        try content.withLock { content in
            var changed = content
            try body(&changed)
            _ = try changed.make()
            content = changed
        }
    }
}
