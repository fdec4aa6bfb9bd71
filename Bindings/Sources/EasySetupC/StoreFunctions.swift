// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup

private func handle(_ store: OpaquePointer?) throws -> StoreHandle { try object(store, "store") }

@c @implementation public func easysetup_store_new_file(
    _ path: UnsafePointer<CChar>?,
    _ passphrase: UnsafePointer<CChar>?,
    _ passphrase_length: Int,
    _ store: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    store?.pointee = nil
    return call(error) {
        let out = try required(store, "store")
        var path = try required(path, "path")
        var bytes: [UInt8] = []
        while path.pointee != 0 {
            bytes.append(UInt8(bitPattern: path.pointee))
            path += 1
        }
        guard !bytes.isEmpty else { throw InterfaceError.badArgument("path") }
        var opening: Passphrase?
        if let passphrase {
            guard 1...Passphrase.maximumBytes ~= passphrase_length else { throw SeedError.passphraseUnfit }
            opening = try Passphrase(secret(passphrase, passphrase_length, "passphrase"))
        } else if passphrase_length != 0 {
            throw InterfaceError.badArgument("passphrase")
        }
        out.pointee = Handles.give(StoreHandle(FileSeedStore(path: bytes, passphrase: opening)))
    }
}

@c @implementation public func easysetup_store_new_memory(_ seed: OpaquePointer?) -> OpaquePointer? {
    let held: SyncSeed? = Handles.find(seed)
    guard seed == nil || held != nil else { return nil }
    return Handles.give(StoreHandle(MemorySeedStore(held)))
}

@c @implementation public func easysetup_store_new(
    _ load: easysetup_load_callback?,
    _ save: easysetup_save_callback?,
    _ check: easysetup_check_callback?,
    _ release: easysetup_release_callback?,
    _ context: UnsafeMutableRawPointer?,
    _ store: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    store?.pointee = nil
    return call(error) {
        let out = try required(store, "store")
        let callbacks = StoreCallbacks(
            onLoad: try required(load, "load"),
            onSave: try required(save, "save"),
            onCheck: check,
            onRelease: release,
            context: context
        )
        out.pointee = Handles.give(StoreHandle(CallbackStore(callbacks)))
    }
}

@c @implementation public func easysetup_store_on_membership(
    _ store: OpaquePointer?,
    _ load: easysetup_load_membership_callback?,
    _ save: easysetup_save_membership_callback?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        // The other kinds of stores keep memberships anyway.
        let own = try required(handle(store).store as? CallbackStore, "store")
        own.keepMemberships(
            MembershipCallbacks(onLoad: try required(load, "load"), onSave: try required(save, "save"))
        )
    }
}

@c @implementation public func easysetup_store_load(
    _ store: OpaquePointer?,
    _ seed: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    seed?.pointee = nil
    return call(error) {
        let out = try required(seed, "seed")
        out.pointee = try handle(store).wait { try await $0.load() }.map { Handles.give($0) }
    }
}

@c @implementation public func easysetup_store_save(
    _ store: OpaquePointer?,
    _ seed: OpaquePointer?,
    _ replacing: Bool,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let held: SyncSeed = try object(seed, "seed")
        _ = try handle(store).wait { try await $0.save(held, replacing: replacing) }
    }
}

@c @implementation public func easysetup_store_load_membership(
    _ store: OpaquePointer?,
    _ membership: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    membership?.pointee = nil
    return call(error) {
        let out = try required(membership, "membership")
        let loaded = try handle(store).wait { try await $0.loadMembership() }
        out.pointee = loaded.map { Handles.give(MembershipHandle($0)) }
    }
}

@c @implementation public func easysetup_store_save_membership(
    _ store: OpaquePointer?,
    _ membership: OpaquePointer?,
    _ replacing: Bool,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let held: MembershipHandle = try object(membership, "membership")
        let membership = held.membership
        _ = try handle(store).wait { try await $0.save(membership, replacing: replacing) }
    }
}

@c @implementation public func easysetup_store_check(
    _ store: OpaquePointer?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try handle(store).wait { try await $0.check() } }
}

@c @implementation public func easysetup_store_free(_ store: OpaquePointer?) {
    Handles.take(store, StoreHandle.self)
}
