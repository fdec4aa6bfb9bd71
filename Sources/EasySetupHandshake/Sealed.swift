package import EasySetupSeed
import FoundationEssentials
import SwiftProtobuf

/// What is inside messages 3 to 6 (`Protocol/device.proto`), as values that cannot be wrong.
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

    /// The device that a proof introduces.
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
            // The message lets go of the bytes first: what two hold is copied when it is wiped, and the copy is.
            message.content = nil
            carried.seed.resetBytes(in: 0..<carried.seed.count)
        }
        return try bytes(message)
    }

    /// The plaintext of message 5 with a "no".
    static func package(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Package()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// The seed that message 5 carries.
    ///
    /// - Throws: the refusal's error where it carries one.
    static func seed(_ bytes: UnsafeRawBufferPointer) throws(HandshakeError) -> ReceivedSeed {
        var message: Easysetup_Device_V1_Package = try unsafe parse(bytes)
        switch message.content {
        case .seed(var carried):
            // As above: one holder only, or the wiping would wipe a copy.
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

    /// The plaintext of message 6 with a "no".
    static func receipt(refusal: Refusal) throws(HandshakeError) -> [UInt8] {
        var message = Easysetup_Device_V1_Receipt()
        message.refusal = refusal.wire
        return try bytes(message)
    }

    /// The user id that message 6 names.
    ///
    /// - Throws: the refusal's error where it carries one.
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

/// A sealed "no" (`Protocol/handshake.md`, "Refusals").
public enum Refusal: Hashable, Sendable {
    /// This device's user said no.
    case declined
    /// The user of this device stopped before the end.
    case cancelled
    /// The receiver could not store the seed.
    case notStored
    /// The receiver holds another seed by now.
    case otherSeed
    /// This device's user had to be asked, and nobody was there to ask.
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

    /// A later version may know other reasons; whatever they are, the pairing is over by the other device's word.
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

    /// How the other side names it.
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

/// A seed as it arrived: to be stored before anything else happens.
public struct ReceivedSeed: ~Copyable, Sendable {
    static let byteCount = 32

    /// The 32 bytes.
    package let bytes: SecretBytes
    /// When the seed was made, in seconds since 1970 (UTC); 0 when nobody knows.
    public let createdAt: UInt64

    init(bytes: consuming SecretBytes, createdAt: UInt64) {
        self.bytes = bytes
        self.createdAt = createdAt
    }

    /// The bytes alone.
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
