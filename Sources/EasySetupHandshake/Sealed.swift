import EasySetupChain
package import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Makes and reads the plaintexts of messages 3 to 6: the two proofs, the package and the receipt
/// (`Protocol/device.proto`). Reading checks every field.
enum Sealed {
    /// Makes the plaintext of a proof (message 3 or 4), which describes this device.
    /// - Parameter sameSeed: a holder's tag, by which a peer with the same seed recognises it; otherwise empty.
    static func proof(_ device: Device, sameSeed: [UInt8] = []) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Proof()
        message.name = device.name.description
        message.platform = device.platform.wire
        message.role = device.role == .holder ? .holder : .receiver
        message.asksFirst = device.asksFirst
        message.sameSeed = Data(sameSeed)
        return try bytes(message)
    }

    /// Reads the plaintext of the other device's proof (message 3 or 4).
    static func introduction(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> Introduction {
        let message: Easysetup_Device_V1_Proof = try unsafe parse(bytes)
        guard let name = DeviceName(strict: message.name) else { throw .malformed }
        let role: Role
        switch message.role {
        case .holder: role = .holder
        case .receiver: role = .receiver
        case .unspecified, .UNRECOGNIZED: throw .malformed
        }
        let asksFirst = role == .receiver && message.asksFirst
        let platform = Platform(wire: message.platform)
        return Introduction(
            device: Device(name: name, platform: platform, role: role, asksFirst: asksFirst),
            sameSeed: role == .holder ? Array(message.sameSeed) : []
        )
    }

    /// Makes the plaintext of message 5 (the package) with a seed. The result contains the seed, and
    /// ``SealedChannel/seal(_:type:number:)`` wipes it.
    static func package(seed: borrowing SecretBytes, createdAt: UInt64) throws(HandshakeError) -> [UInt8] {
        var carried = Easysetup_Device_V1_Seed()
        carried.seed = unsafe seed.withUnsafeBytes { unsafe Data($0) }
        carried.createdAt = createdAt
        var message = Easysetup_Device_V1_Package()
        message.seed = carried
        defer {
            // `message` gives up its reference to the seed first. Otherwise copy-on-write would let the wipe clear only
            // a copy of the seed.
            message.content = nil
            carried.seed.resetBytes(in: 0..<carried.seed.count)
        }
        return try bytes(message)
    }

    /// Makes the plaintext of message 5 (the package) with a membership. The result contains its keys, and
    /// ``SealedChannel/seal(_:type:number:)`` wipes it.
    static func package(membership: GivenMembership) throws(HandshakeError) -> [UInt8] {
        let encoded = membership.membership.encoded()
        var carried = unsafe encoded.withUnsafeBytes { unsafe Data($0) }
        var message = Easysetup_Device_V1_Package()
        message.membership = carried
        defer {
            // `message` gives up its reference first, as with a seed.
            message.content = nil
            carried.resetBytes(in: 0..<carried.count)
        }
        return try bytes(message)
    }

    /// Makes the plaintext of message 5 (the package) with a refusal.
    static func package(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Package()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// Reads the plaintext of message 5 (the package): a seed or a membership.
    ///
    /// - Throws: the refusal's error if the package contains a refusal; ``HandshakeError/malformed`` if it is invalid.
    static func contents(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> PackageContents {
        var message: Easysetup_Device_V1_Package = try unsafe parse(bytes)
        switch message.content {
        case .seed(var carried):
            // `message` gives up its reference to the seed first. Otherwise copy-on-write would let the wipe clear only
            // a copy of the seed.
            message.content = nil
            defer { carried.seed.resetBytes(in: 0..<carried.seed.count) }
            guard carried.seed.count == ReceivedSeed.byteCount else { throw .malformed }
            return .seed(ReceivedSeed(bytes: secret(carried.seed), createdAt: carried.createdAt))
        case .membership(var carried):
            message.content = nil
            defer { carried.resetBytes(in: 0..<carried.count) }
            do { return .membership(try Membership(secret(carried))) } catch { throw .malformed }
        case .refusal(let refusal): throw Refusal(wire: refusal).error
        case nil: throw .malformed
        }
    }

    private static func secret(_ data: Data) -> SecretBytes {
        let secret = SecretBytes(zeros: data.count)
        unsafe data.withUnsafeBytes { source in
            unsafe secret.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
        return secret
    }

    /// Makes the plaintext of message 6 (the receipt) with the user ID that the stored seed gives.
    static func receipt(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Receipt()
        message.userID = Data(userID)
        return try bytes(message)
    }

    /// Makes the plaintext of message 6 (the receipt) with a refusal.
    static func receipt(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Receipt()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// Reads the user ID from the plaintext of message 6 (the receipt).
    ///
    /// - Throws: the refusal's error if the receipt contains a refusal; ``HandshakeError/malformed`` if it is invalid.
    static func userID(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> [UInt8] {
        let message: Easysetup_Device_V1_Receipt = try unsafe parse(bytes)
        switch message.content {
        case .userID(let id): return Array(id)
        case .refusal(let refusal): throw Refusal(wire: refusal).error
        case nil: throw .malformed
        }
    }

    private static func bytes(_ message: some SwiftProtobuf.Message) throws(HandshakeError) -> [UInt8] {
        do { return try message.serializedBytes() } catch { throw .malformed }
    }

    private static func parse<M: SwiftProtobuf.Message>(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> M {
        var copy = unsafe [UInt8](bytes)
        defer { Sodium.wipe(&copy) }
        do { return try M(serializedBytes: copy) } catch { throw .malformed }
    }
}

/// The description of its sender in a proof (message 3 or 4).
struct Introduction: Equatable {
    let device: Device
    /// A holder's tag, by which a peer with the same seed recognises it; empty for a receiver, and for a device of an
    /// earlier version.
    let sameSeed: [UInt8]
}

/// The contents of message 5 (the package), if it is no refusal.
enum PackageContents: ~Copyable {
    case seed(ReceivedSeed)
    case membership(Membership)
}

/// The reason for which a device ends a pairing. The device sends it sealed, in its message 5 (the package) or 6 (the
/// receipt) (`Protocol/handshake.md`, "Refusals").
@nonexhaustive public enum Refusal: Hashable, Sendable {
    /// This device's user said no.
    case declined
    /// The user of this device cancelled the pairing.
    case cancelled
    /// The receiver could not store what it got.
    case notStored
    /// The receiver has stored another seed since the pairing began.
    case otherSeed
    /// This device has to ask its user, but has no terminal or screen for the question.
    case nobodyToAsk
    /// This device's user did not answer in time.
    case timedOut

    var wire: Easysetup_Device_V1_Refusal {
        switch self {
        case .declined: .declined
        case .cancelled: .cancelled
        case .notStored: .notStored
        case .otherSeed: .otherSeed
        case .nobodyToAsk: .nobodyToAsk
        case .timedOut: .timedOut
        }
    }

    /// Reads a refusal. An unknown reason gives ``cancelled``, because a later version may have other reasons, and each
    /// of them ends the pairing.
    init(wire: Easysetup_Device_V1_Refusal) {
        switch wire {
        case .declined: self = .declined
        case .cancelled: self = .cancelled
        case .notStored: self = .notStored
        case .otherSeed: self = .otherSeed
        case .nobodyToAsk: self = .nobodyToAsk
        case .timedOut: self = .timedOut
        case .unspecified, .UNRECOGNIZED: self = .cancelled
        }
    }

    /// The error that a device reports when it receives this refusal.
    var error: HandshakeError {
        switch self {
        case .declined: .declined
        case .cancelled: .cancelled
        case .notStored: .notStored
        case .otherSeed: .otherSeed
        case .nobodyToAsk: .nobodyToAsk
        case .timedOut: .timedOut
        }
    }
}

/// A seed that this device has received. The device must store it before it sends message 6 (the receipt).
public struct ReceivedSeed: ~Copyable, Sendable {
    static let byteCount = 32

    /// The seed's 32 bytes.
    package let bytes: SecretBytes
    /// The moment at which the seed was made, in seconds since 1970 (UTC); 0 when it is not known.
    public let createdAt: UInt64

    init(bytes: consuming SecretBytes, createdAt: UInt64) {
        self.bytes = bytes
        self.createdAt = createdAt
    }

    /// Returns the bytes and consumes the value.
    package consuming func take() -> SecretBytes { bytes }
}

extension Platform {
    var wire: Easysetup_Device_V1_Platform {
        switch self {
        case .other: .unspecified
        case .android: .android
        case .ios: .ios
        case .linux: .linux
        case .macos: .macos
        case .windows: .windows
        case .web: .web
        case .tv: .tv
        }
    }

    init(wire: Easysetup_Device_V1_Platform) {
        switch wire {
        case .android: self = .android
        case .ios: self = .ios
        case .linux: self = .linux
        case .macos: self = .macos
        case .windows: self = .windows
        case .web: self = .web
        case .tv: self = .tv
        case .unspecified, .UNRECOGNIZED: self = .other
        }
    }
}
