import Crypto
import EasySetupRelayProtocol

/// Asks for work and checks it: a challenge is a MAC, so nothing is remembered until it is answered
/// (`Protocol/relay.md`, "Work").
struct WorkGate: Sendable {
    /// 34 bytes: purpose, difficulty, expiry in milliseconds of the relay's own clock (8, big-endian), 8 random bytes, and
    /// the first 16 of a MAC over all that and the prefix.
    private static let headByteCount = 18
    private static let macByteCount = 16

    private var key: TokenKey
    /// The key of before, and until when challenges of it may come.
    private var former: (key: TokenKey, until: Duration)?
    private let difficulty: ClosedRange<Int>
    private let lifetime: Duration
    private var used: Generations<[UInt8], Bool>

    enum Verdict { case done, bad, full }

    /// The request that a device does the work for.
    enum Purpose: UInt8, Sendable {
        case offer = 1
        case visit = 2
    }

    /// How far a prefix is over its limits.
    struct Excess {
        /// How many times over the limit of what it asks for, or of what the whole relay has, whichever is worse.
        var common = 0
        /// How many times over the limit of visits that found nothing. These cost two bits more for each doubling, up to all that
        /// the wire format knows: who looks for codes is not to find the next one at the price of the last.
        var misses = 0

        var isNone: Bool { common == 0 && misses == 0 }
    }

    init(limits: Limits, keys: TokenKeys, started: Duration) {
        key = keys.current
        difficulty = limits.difficulty.clamped(to: WireLimits.difficulty)
        lifetime = limits.workLifetime
        used = Generations(period: limits.workLifetime, capacity: limits.usedChallenges, started: started)
    }

    var nextDeadline: Duration? { used.nextDeadline }
    var isEmpty: Bool { used.isEmpty }

    mutating func advance(_ now: Duration) { used.advance(now) }

    /// Challenges are made with another key from now on; those made before count as long as they would have.
    mutating func replaceKey(by next: TokenKey, now: Duration) {
        guard next.id != key.id else { return }
        former = (key, now + lifetime)
        key = next
    }

    /// A challenge for a prefix that is so far over its limits: one bit more for each doubling.
    func challenge(
        _ purpose: Purpose,
        prefix: AddressPrefix,
        excess: Excess,
        now: Duration,
        entropy: inout some RandomNumberGenerator
    ) -> RelayFrame {
        let common = min(difficulty.lowerBound + Self.doublings(excess.common), difficulty.upperBound)
        let misses = difficulty.lowerBound + 2 * Self.doublings(excess.misses)
        let bits = max(common, min(misses, WireLimits.difficulty.upperBound))
        var bytes = [purpose.rawValue, UInt8(clamping: bits)] + milliseconds(now + lifetime).bigEndianBytes
        bytes += entropy.bytes(8)
        bytes += mac(bytes, prefix, key)
        return .workWanted(challenge: bytes, difficulty: bits, expiresIn: lifetime)
    }

    /// Whether this is work done for this purpose and prefix, in time, and for the first time.
    mutating func check(
        _ work: Work,
        for purpose: Purpose,
        prefix: AddressPrefix,
        now: Duration
    ) -> Verdict {
        used.advance(now)
        let challenge = work.challenge
        guard challenge.count == Self.headByteCount + Self.macByteCount else { return .bad }
        let head = Array(challenge.prefix(Self.headByteCount))
        // Nothing here is secret from the one who sends it, and a forged MAC buys one offer: plain comparison will do.
        guard head[0] == purpose.rawValue, isOurs(challenge, head, prefix, now) else { return .bad }
        let expiry = head[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Another run of the relay counts from another start: no further ahead than a challenge of this run can be.
        guard milliseconds(now)...milliseconds(now + lifetime) ~= expiry else { return .bad }
        let digest = SHA256.hash(data: challenge + work.answer)
        guard Self.leadingZeroBits(digest) >= Int(head[1]) else { return .bad }
        guard used[challenge] == nil else { return .bad }
        return used.put(true, for: challenge, now: now) ? .done : .full
    }

    private static func doublings(_ excess: Int) -> Int { Int.bitWidth - 1 - max(1, excess).leadingZeroBitCount }

    private func isOurs(_ challenge: [UInt8], _ head: [UInt8], _ prefix: AddressPrefix, _ now: Duration) -> Bool {
        let sent = Array(challenge.suffix(Self.macByteCount))
        if sent == mac(head, prefix, key) { return true }
        guard let former, now <= former.until else { return false }
        return sent == mac(head, prefix, former.key)
    }

    private func mac(_ head: [UInt8], _ prefix: AddressPrefix, _ key: TokenKey) -> [UInt8] {
        Array(key.challengeMAC(head + prefix.macInput).prefix(Self.macByteCount))
    }

    private func milliseconds(_ time: Duration) -> UInt64 {
        let (seconds, attoseconds) = time.components
        return UInt64(clamping: seconds) &* 1000 &+ UInt64(clamping: attoseconds / 1_000_000_000_000_000)
    }

    private static func leadingZeroBits(_ digest: some Sequence<UInt8>) -> Int {
        var bits = 0
        for byte in digest {
            bits += byte.leadingZeroBitCount
            if byte != 0 { break }
        }
        return bits
    }
}
