// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup
import EasySetupChain

// MARK: - Rights

private func view(_ scope: OpaquePointer?) -> ScopeView? { Handles.find(scope) }

@c @implementation public func easysetup_scope_is_everything(_ scope: OpaquePointer?) -> Bool {
    view(scope)?.isEverything ?? false
}

@c @implementation public func easysetup_scope_text(_ scope: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(scope)?.text.pointer
}

@c @implementation public func easysetup_scope_collection(
    _ scope: OpaquePointer?,
    _ index: Int32
) -> UnsafePointer<CChar>? {
    view(scope)?.collection(at: index)?.name.pointer
}

@c @implementation public func easysetup_scope_may_write(_ scope: OpaquePointer?, _ index: Int32) -> Bool {
    guard let view = view(scope) else { return false }
    return view.isEverything || view.collection(at: index)?.mayWrite == true
}

@c @implementation public func easysetup_scope_until(_ scope: OpaquePointer?) -> UInt64 { view(scope)?.until ?? 0 }

// MARK: - Memberships

private func held(_ membership: OpaquePointer?) throws -> MembershipHandle { try object(membership, "membership") }

@c @implementation public func easysetup_membership_from_bytes(
    _ source: UnsafeRawPointer?,
    _ length: Int,
    _ membership: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    membership?.pointee = nil
    return call(error) {
        let out = try required(membership, "membership")
        let source = try required(source, "bytes")
        // A wrong length is refused before the bytes are read, because it may be garbage.
        guard 0...Membership.byteLimit ~= length else { throw ChainError.membershipUnreadable }
        let encoded = try secret(source, length, "bytes")
        out.pointee = Handles.give(MembershipHandle(try Membership(encoded)))
    }
}

@c @implementation public func easysetup_membership_copy(_ membership: OpaquePointer?) -> OpaquePointer? {
    (try? held(membership)).map { Handles.give($0) }
}

@c @implementation public func easysetup_membership_free(_ membership: OpaquePointer?) {
    Handles.take(membership, MembershipHandle.self)
}

@c @implementation public func easysetup_membership_size(_ membership: OpaquePointer?) -> Int {
    (try? held(membership))?.membership.encoded().count ?? 0
}

@c @implementation public func easysetup_membership_copy_bytes(
    _ membership: OpaquePointer?,
    _ buffer: UnsafeMutableRawPointer?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let encoded = try held(membership).membership.encoded()
        try copy(encoded.bytes, to: buffer, size: size)
    }
}

@c @implementation public func easysetup_membership_scope(_ membership: OpaquePointer?) -> OpaquePointer? {
    (try? held(membership)).map { Handles.pointer($0.scope) }
}

@c @implementation public func easysetup_membership_fingerprint(
    _ membership: OpaquePointer?
) -> UnsafePointer<CChar>? {
    (try? held(membership))?.fingerprint.pointer
}

@c @implementation public func easysetup_membership_device(_ membership: OpaquePointer?) -> UnsafePointer<CChar>? {
    (try? held(membership))?.device.pointer
}

// MARK: - Gifts

@c @implementation public func easysetup_gift_new(_ seed: OpaquePointer?) -> OpaquePointer? {
    Handles.find(seed, SyncSeed.self).map { Handles.give(GiftHandle($0)) }
}

@c @implementation public func easysetup_gift_add(
    _ gift: OpaquePointer?,
    _ collection: UnsafePointer<CChar>?,
    _ may_write: Bool,
    _ generation: UInt32,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let gift: GiftHandle = try object(gift, "gift")
        let name = try CollectionName(string(collection, "collection"))
        guard generation >= 1 else { throw InterfaceError.badArgument("generation") }
        try gift.change { gift in
            guard gift.collections.updateValue(may_write, forKey: name) == nil else {
                throw InterfaceError.badArgument("collection")
            }
            if generation > 1 { gift.generations[name] = generation }
        }
    }
}

@c @implementation public func easysetup_gift_set_until(
    _ gift: OpaquePointer?,
    _ until: UInt64,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try (object(gift, "gift") as GiftHandle).change { $0.notAfter = until } }
}

@c @implementation public func easysetup_gift_free(_ gift: OpaquePointer?) {
    Handles.take(gift, GiftHandle.self)
}

@c @implementation public func easysetup_options_give(
    _ options: OpaquePointer?,
    _ gift: OpaquePointer?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let options: OptionsHandle = try object(options, "options")
        guard gift != nil else { return options.set { $0.gift = nil } }
        let planned = try (object(gift, "gift") as GiftHandle).planned
        guard !planned.collections.isEmpty else { throw InterfaceError.badArgument("gift") }
        options.set { $0.gift = planned }
    }
}
