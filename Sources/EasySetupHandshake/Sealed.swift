package import EasySetupSeed
import FoundationEssentials
import SwiftProtobuf

/// The plaintexts of messages 3 to 6 (`Protocol/device.proto`), as values that can't be invalid.
enum Sealed {
    /// The plaintext of a proof.
    static func proof(_ device: Device) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Proof()
        message.name = device.name.description
        message.platform = device.platform.wire
        message.role = device.role == .holder ? .holder : .receiver
        message.asksFirst = device.asksFirst
        return try bytes(message)
    }

    /// Reads the description of a device from the plaintext of its proof.
    static func device(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> Device {
        let message: Easysetup_Device_V1_Proof = try unsafe parse(bytes)
        guard let name = DeviceName(strict: message.name) else { throw .malformed }
        let role: Role
        switch message.role {
        case .holder: role = .holder
        case .receiver: role = .receiver
        case .unspecified, .UNRECOGNIZED: throw .malformed
        }
        let asksFirst = role == .receiver && message.asksFirst
        return Device(name: name, platform: Platform(wire: message.platform), role: role, asksFirst: asksFirst)
    }

    /// The plaintext of message 5 with a seed; the seed's copies are wiped with the sealed text.
    static func package(seed: borrowing SecretBytes, createdAt: UInt64) throws(HandshakeError) -> [UInt8] {
        var carried = Easysetup_Device_V1_Seed()
        carried.seed = unsafe seed.withUnsafeBytes { unsafe Data($0) }
        carried.createdAt = createdAt
        var message = Easysetup_Device_V1_Package()
        message.seed = carried
        defer {
            // The message's reference goes first; otherwise copy-on-write would make the wipe clear a copy.
            message.content = nil
            carried.seed.resetBytes(in: 0..<carried.seed.count)
        }
        return try bytes(message)
    }

    /// The plaintext of message 5 with a refusal.
    static func package(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Package()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// The seed in message 5.
    ///
    /// - Throws: the refusal's error where the message has one.
    static func seed(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> ReceivedSeed {
        var message: Easysetup_Device_V1_Package = try unsafe parse(bytes)
        switch message.content {
        case .seed(var carried):
            // The message's reference goes first, because otherwise the wipe would clear a copy.
            message.content = nil
            defer { carried.seed.resetBytes(in: 0..<carried.seed.count) }
            guard carried.seed.count == ReceivedSeed.byteCount else { throw .malformed }
            let seed = SecretBytes(zeros: ReceivedSeed.byteCount)
            unsafe carried.seed.withUnsafeBytes { source in
                unsafe seed.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
            }
            return ReceivedSeed(bytes: seed, createdAt: carried.createdAt)
        case .refusal(let refusal): throw Refusal(wire: refusal).error
        case nil: throw .malformed
        }
    }

    /// The plaintext of message 6.
    static func receipt(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Receipt()
        message.userID = Data(userID)
        return try bytes(message)
    }

    /// The plaintext of message 6 with a refusal.
    static func receipt(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Receipt()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// The user ID in message 6.
    ///
    /// - Throws: the refusal's error where the message has one.
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

/// A sealed refusal (`Protocol/handshake.md`, "Refusals").
public enum Refusal: Hashable, Sendable {
    /// This device's user said no.
    case declined
    /// The user of this device cancelled the pairing.
    case cancelled
    /// The receiver could not store the seed.
    case notStored
    /// The receiver has stored another seed meanwhile.
    case otherSeed
    /// This device's user had to be asked, but there is no terminal or screen to ask on.
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

    /// A later version may have other reasons; any of them ends the pairing.
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

    /// The error with which the other side reports this refusal.
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

/// A received seed, which must be stored before the next message.
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

    /// Takes the bytes out.
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
