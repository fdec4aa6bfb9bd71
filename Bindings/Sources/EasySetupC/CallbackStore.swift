import CEasySetup
import Dispatch
import EasySetup
import EasySetupChain
import Synchronization

/// The callbacks of an app's own store, and the context that they get.
struct StoreCallbacks: @unchecked Sendable {
    // `@unchecked Sendable` is safe, because the header asks of the app that its context may be used on any thread.
    let onLoad: easysetup_load_callback
    let onSave: easysetup_save_callback
    let onCheck: easysetup_check_callback?
    let onRelease: easysetup_release_callback?
    let context: UnsafeMutableRawPointer?
}

/// The callbacks of an app's own store that keeps memberships, too. They get the context of the store's other callbacks.
struct MembershipCallbacks: @unchecked Sendable {
    // `@unchecked Sendable` is safe, because functions of C have no state of their own.
    let onLoad: easysetup_load_membership_callback
    let onSave: easysetup_save_membership_callback
}

/// A store that an app keeps by callbacks. They run one after the other, on a queue of this store.
final class CallbackStore: SeedStore {
    private static let key = DispatchSpecificKey<ObjectIdentifier>()

    private let callbacks: StoreCallbacks
    /// Nil for a store that keeps seeds alone.
    private let membershipCallbacks = Mutex<MembershipCallbacks?>(nil)
    private let queue = DispatchQueue(label: "easysetup.store")

    init(_ callbacks: StoreCallbacks) {
        self.callbacks = callbacks
        queue.setSpecific(key: Self.key, value: ObjectIdentifier(self))
    }

    deinit {
        callbacks.onRelease?(callbacks.context)
    }

    /// Makes a store that keeps memberships, too.
    func keepMemberships(_ callbacks: MembershipCallbacks) {
        membershipCallbacks.withLock { $0 = callbacks }
    }

    /// Whether this code runs inside one of this store's callbacks.
    var isInCallback: Bool { DispatchQueue.getSpecific(key: Self.key) == ObjectIdentifier(self) }

    func load() async throws(StoreError) -> SyncSeed? {
        try await onQueue { (callbacks) throws(StoreError) in try callbacks.load() }
    }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        let memberships = membershipCallbacks.withLock { $0 }
        try await onQueue { (callbacks) throws(StoreError) in
            try callbacks.save(seed, replacing: replacing, memberships)
        }
        // The app's callbacks don't tell what became of an earlier seed, and no caller needs it.
        return .stored
    }

    func loadMembership() async throws(StoreError) -> Membership? {
        guard let memberships = membershipCallbacks.withLock({ $0 }) else { return nil }
        return try await onQueue { (callbacks) throws(StoreError) in try callbacks.load(memberships) }
    }

    func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        guard let memberships = membershipCallbacks.withLock({ $0 }) else { throw .membershipNotKept }
        try await onQueue { (callbacks) throws(StoreError) in
            try callbacks.save(membership, replacing: replacing, memberships)
        }
        return .stored
    }

    func check() async throws(StoreError) {
        try await onQueue { (callbacks) throws(StoreError) in try callbacks.check() }
    }

    private func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable (StoreCallbacks) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        typealias Outcome = Result<Value, StoreError>
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            // The block keeps the store, so that no callback runs after `onRelease`.
            queue.async { [self] in
                continuation.resume(returning: Outcome { () throws(StoreError) in try body(callbacks) })
            }
        }
        return try outcome.get()
    }
}

extension StoreCallbacks {
    fileprivate func load() throws(StoreError) -> SyncSeed? {
        var seed: OpaquePointer?
        var error: OpaquePointer?
        let code = onLoad(context, &seed, &error)
        let loaded = Handles.take(seed, SyncSeed.self)
        try Self.look(at: code, error)
        guard seed == nil || loaded != nil else { throw Self.unknownResult }
        return loaded
    }

    fileprivate func load(_ memberships: MembershipCallbacks) throws(StoreError) -> Membership? {
        var membership: OpaquePointer?
        var error: OpaquePointer?
        let code = memberships.onLoad(context, &membership, &error)
        let loaded = Handles.take(membership, MembershipHandle.self)
        try Self.look(at: code, error)
        guard membership == nil || loaded != nil else { throw Self.unknownResult }
        return loaded?.membership
    }

    fileprivate func save(_ seed: SyncSeed, replacing: Bool, _ memberships: MembershipCallbacks?) throws(StoreError) {
        var error: OpaquePointer?
        let lent = Handles.lend(seed)
        let code = onSave(context, Handles.pointer(lent), replacing, &error)
        Handles.withdraw(lent)
        try look(at: code, error, after: seed.userID, memberships)
    }

    fileprivate func save(
        _ membership: Membership,
        replacing: Bool,
        _ memberships: MembershipCallbacks
    ) throws(StoreError) {
        var error: OpaquePointer?
        let lent = Handles.lend(MembershipHandle(membership))
        let code = memberships.onSave(context, Handles.pointer(lent), replacing, &error)
        Handles.withdraw(lent)
        try look(at: code, error, after: membership.userID, memberships)
    }

    /// Throws the error of a callback that was to save something of this chain, and frees its handle. Only the store knows
    /// of which chain its content is.
    private func look(
        at code: easysetup_code,
        _ error: OpaquePointer?,
        after new: UserID,
        _ memberships: MembershipCallbacks?
    ) throws(StoreError) {
        guard code == EASYSETUP_ERROR_OTHER_SEED_STORED else { return try Self.look(at: code, error) }
        Handles.take(error, ErrorView.self)
        var stored = try load()?.userID
        if stored == nil, let memberships { stored = try load(memberships)?.userID }
        throw .otherSeedStored(stored: stored ?? new, new: new)
    }

    fileprivate func check() throws(StoreError) {
        guard let onCheck else { return }
        var error: OpaquePointer?
        try Self.look(at: onCheck(context, &error), error)
    }

    /// The store returned neither a code nor a handle that it may return.
    private static var unknownResult: StoreError {
        .app(
            "app-store-callback",
            "The app's store returned neither a seed, a membership nor an error that the library knows.",
            advice: "Tell the app's developers.",
            retryHelps: false
        )
    }

    /// Throws the error of a callback, and frees its handle.
    private static func look(at code: easysetup_code, _ error: OpaquePointer?) throws(StoreError) {
        let view = Handles.take(error, ErrorView.self)
        switch Int(code) {
        case Int(EASYSETUP_OK): return
        case Int(EASYSETUP_ERROR_APP): throw view?.error as? StoreError ?? unknownResult
        case Int(EASYSETUP_ERROR_STORE_OPEN_TO_OTHERS): throw .openToOthers
        case Int(EASYSETUP_ERROR_STORE_NOT_OURS): throw .notOurs
        case Int(EASYSETUP_ERROR_STORE_UNFIT): throw .unfit
        case Int(EASYSETUP_ERROR_STORE_MISSING): throw .missing
        case Int(EASYSETUP_ERROR_STORE_FORBIDDEN): throw .forbidden
        case Int(EASYSETUP_ERROR_STORE_READ_ONLY): throw .readOnly
        case Int(EASYSETUP_ERROR_STORE_FULL): throw .full
        case Int(EASYSETUP_ERROR_STORE_BUSY): throw .busy
        case Int(EASYSETUP_ERROR_MEMBERSHIP_NOT_KEPT): throw .membershipNotKept
        case Int(EASYSETUP_ERROR_PASSPHRASE_NEEDED): throw .seed(.passphraseNeeded)
        case Int(EASYSETUP_ERROR_WRONG_PASSPHRASE): throw .seed(.wrongPassphrase)
        case Int(EASYSETUP_ERROR_SEED_FILE_DAMAGED): throw .seed(.fileDamaged)
        case Int(EASYSETUP_ERROR_MEMORY_SHORT): throw .seed(.memoryShort)
        default: throw .failed(errno: 0)
        }
    }
}
