import Crypto
public import EasySetupSeed

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Credentials that a service gave to a device, in a form that a program can keep for its next run.
///
/// They are secret until they end: whoever has them can do in the chain's bucket what the device may. A program keeps them
/// where it keeps the seed, such as in a file that only its user can read. Neither printing nor mirrors show a byte.
public final class CredentialsSession: Sendable {
    /// The greatest length of the encoded form in bytes.
    public static let byteLimit = 524_288

    /// When the credentials end, in seconds since 1970.
    public var ends: Int { answer.ends }

    let answer: CredentialsAnswer
    /// A digest of the service, the chain and the certificate, because only the same device at the same service uses them.
    let holder: String
    /// The service's clock less this device's, in seconds.
    let clockDifference: Int

    init(_ answer: CredentialsAnswer, holder: String, clockDifference: Int) {
        self.answer = answer
        self.holder = holder
        self.clockDifference = clockDifference
    }

    /// The form to be kept. It is secret, and may change with a version of this library.
    public func encoded() -> SecretBytes {
        let wire = Wire(version: Self.version, holder: holder, clock: clockDifference, answer: answer)
        // JSON can have all texts and numbers, so this does not fail.
        var bytes = (try? JSONEncoder().encode(wire)).map { Array($0) } ?? []
        return SecretBytes(wiping: &bytes)
    }

    /// Reads what ``encoded()`` has written. Nil for anything else: a program then goes on without it.
    public init?(_ encoded: borrowing SecretBytes) {
        guard encoded.count <= Self.byteLimit else { return nil }
        var bytes = unsafe encoded.withUnsafeBytes { unsafe Array($0) }
        defer { Sodium.wipe(&bytes) }
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)), wire.version == Self.version,
            (-CredentialsAnswer.lastSecond...CredentialsAnswer.lastSecond).contains(wire.clock)
        else { return nil }
        answer = wire.answer
        holder = wire.holder
        clockDifference = wire.clock
    }

    /// The digest of a device at a service.
    ///
    /// - Parameters:
    ///   - service: the value of the header `Host` of requests to the service.
    ///   - user: the chain.
    ///   - certificate: the device's certificate; empty for a device with the seed.
    static func holder(service: String, user: UserID, certificate: [UInt8]) -> String {
        var hash = SHA256()
        for part in [Array(service.utf8), user.bytes, certificate] {
            hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) })
            hash.update(data: part)
        }
        return Data(hash.finalize()).base64EncodedString()
    }

    private static let version = 1

    private struct Wire: Codable {
        let version: Int
        let holder: String
        let clock: Int
        let answer: CredentialsAnswer
    }
}

extension CredentialsSession: CustomStringConvertible, CustomReflectable {
    /// The name of the type, without any part of the credentials.
    public var description: String { "CredentialsSession" }
    /// An empty mirror, so that `dump` and `Mirror` show nothing of the credentials.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
