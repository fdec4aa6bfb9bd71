// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup

private func seed(_ handle: OpaquePointer?) throws -> SyncSeed { try object(handle, "seed") }

@c @implementation public func easysetup_seed_random(_ created_at: UInt64) -> OpaquePointer? {
    Handles.give(SyncSeed.random(createdAt: created_at))
}

@c @implementation public func easysetup_seed_from_bytes(
    _ source: UnsafeRawPointer?,
    _ length: Int,
    _ created_at: UInt64,
    _ seed: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    seed?.pointee = nil
    return call(error) {
        let out = try required(seed, "seed")
        // A wrong length is refused before the bytes are read, because it may be garbage.
        guard length == SyncSeed.byteCount || source == nil else { throw SeedError.wrongLength }
        let made = try SyncSeed(bytes: secret(required(source, "bytes"), length, "bytes"), createdAt: created_at)
        out.pointee = Handles.give(made)
    }
}

@c @implementation public func easysetup_seed_read(
    _ text: UnsafePointer<CChar>?,
    _ length: Int,
    _ created_at: UInt64,
    _ seed: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    seed?.pointee = nil
    return call(error) {
        let out = try required(seed, "seed")
        let text = try required(text, "text")
        guard 0...SyncSeed.maximumWrittenBytes ~= length else { throw SeedError.tooLong }
        let written = try UserText(secret(text, length, "text"))
        out.pointee = Handles.give(try SyncSeed.read(written: written, createdAt: created_at))
    }
}

@c @implementation public func easysetup_seed_copy(_ handle: OpaquePointer?) -> OpaquePointer? {
    (try? seed(handle)).map { Handles.give($0) }
}

@c @implementation public func easysetup_seed_free(_ seed: OpaquePointer?) {
    Handles.take(seed, SyncSeed.self)
}

@c @implementation public func easysetup_seed_copy_bytes(
    _ handle: OpaquePointer?,
    _ buffer: UnsafeMutableRawPointer?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try seed(handle).withBytes { (bytes) throws in try copy(bytes, to: buffer, size: size) } }
}

@c @implementation public func easysetup_seed_write(
    _ handle: OpaquePointer?,
    _ form: Int32,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ length: UnsafeMutablePointer<Int>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    length?.pointee = 0
    return call(error) {
        let seed = try seed(handle)
        let text =
            switch Int(form) {
            case Int(EASYSETUP_FORM_PHRASE): seed.recoveryPhrase
            case Int(EASYSETUP_FORM_LINK): seed.link
            case Int(EASYSETUP_FORM_HEX): seed.hex
            case Int(EASYSETUP_FORM_BASE64): seed.base64
            default: throw InterfaceError.badArgument("form")
            }
        length?.pointee = text.utf8.byteCount
        try copy(text.utf8, to: buffer, size: size, zeroAtEnd: true)
    }
}

@c @implementation public func easysetup_seed_created_at(_ handle: OpaquePointer?) -> UInt64 {
    (try? seed(handle))?.createdAt ?? 0
}

@c @implementation public func easysetup_seed_is_same(_ handle: OpaquePointer?, _ other: OpaquePointer?) -> Bool {
    guard let one = try? seed(handle), let two = try? seed(other) else { return false }
    return one.isSame(as: two)
}

@c @implementation public func easysetup_seed_user_id(
    _ handle: OpaquePointer?,
    _ buffer: UnsafeMutablePointer<UInt8>?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let id = try seed(handle).userID.bytes
        try copy(id.span.bytes, to: buffer, size: size)
    }
}

@c @implementation public func easysetup_seed_fingerprint(
    _ handle: OpaquePointer?,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try copy(seed(handle).userID.fingerprint, to: buffer, size: size) }
}

@c @implementation public func easysetup_seed_derive_key(
    _ handle: OpaquePointer?,
    _ info: UnsafePointer<CChar>?,
    _ buffer: UnsafeMutableRawPointer?,
    _ count: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let key = try seed(handle).derivedKey(info: string(info, "info"), count: count)
        try copy(key.bytes, to: buffer, size: count)
    }
}

@c @implementation public func easysetup_seed_secretbox_key(
    _ handle: OpaquePointer?,
    _ buffer: UnsafeMutableRawPointer?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let key = try seed(handle).secretboxKey()
        try copy(key.bytes, to: buffer, size: size)
    }
}

@c @implementation public func easysetup_seed_secretbox_key_fingerprint(
    _ handle: OpaquePointer?,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try copy(seed(handle).secretboxKeyFingerprint, to: buffer, size: size) }
}

@c @implementation public func easysetup_seed_sign(
    _ handle: OpaquePointer?,
    _ message: UnsafeRawPointer?,
    _ length: Int,
    _ signature: UnsafeMutablePointer<UInt8>?,
    _ size: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let seed = try seed(handle)
        let buffer = try required(signature, "signature")
        guard size >= SyncSeed.signatureByteCount else {
            throw InterfaceError.bufferTooSmall(needed: SyncSeed.signatureByteCount)
        }
        let made = try seed.signature(for: Array(try bytes(message, length, "message")))
        try copy(made.span.bytes, to: buffer, size: size)
    }
}

@c @implementation public func easysetup_verify(
    _ user_id: UnsafePointer<UInt8>?,
    _ signature: UnsafePointer<UInt8>?,
    _ message: UnsafeRawPointer?,
    _ length: Int
) -> Bool {
    guard let user_id, let signature, let message = try? bytes(message, length, "message"),
        let user = UserID(bytes: UnsafeBufferPointer(start: user_id, count: UserID.byteCount))
    else { return false }
    let made = UnsafeBufferPointer(start: signature, count: SyncSeed.signatureByteCount)
    return user.isValid(signature: Array(made), for: Array(message))
}
