import Crypto
import EasySetupRelayProtocol

/// Asks devices for proof of work, and checks their answers. A challenge contains a MAC, so the relay stores nothing
/// for a challenge until a device answers it (`Protocol/relay.md`, "Work").
struct WorkGate: Sendable {
    /// The length of a challenge before its MAC: purpose (1 byte), difficulty (1), expiry in milliseconds of the
    /// relay's own clock (8, big-endian), random bytes (8). The first 16 bytes of a MAC over these and the address
    /// prefix follow.
    private static let headByteCount = 18
    private static let macByteCount = 16

    /// Bytes that no other relay has, so that a challenge is worthless at other relays. None for a relay alone.
    private let run: [UInt8]
    private var key: TokenKey
    /// The previous key, and the time until which the relay accepts challenges made with the previous key.
    private var former: (key: TokenKey, until: Duration)?
    private let difficulty: ClosedRange<Int>
    private let lifetime: Duration
    private var used: ExpiringDictionary<[UInt8], Bool>

    enum Verdict: Equatable {
        /// The proof of work is right. `difficulty` is that of the device's challenge, in leading zero bits of the
        /// hash.
        case done(difficulty: Int)
        case bad
        case full
    }

    /// The kind of request for which the relay asks for proof of work.
    enum Purpose: UInt8, Sendable {
        case offer = 1
        case visit = 2
    }

    /// How far an address prefix exceeds its limits. The difficulty of the proof of work for its devices depends on
    /// this.
    struct Excess {
        /// How many times the prefix has reached its limit for this kind of request (offer or visit), or how scarce the
        /// relay's places for rooms or meetings are, whichever is larger.
        var common = 0
        /// How many times the prefix exceeds its limit of visits (attempts to use a code) that found no code. Each
        /// doubling makes the proof of work harder by two bits, and not by one as for `common`, up to the wire format's
        /// maximum, so that searching for codes gets more expensive with each attempt.
        var misses = 0

        var isNone: Bool { common == 0 && misses == 0 }
    }

    init(limits: Limits, keys: TokenKeys, run: [UInt8] = [], started: Duration) {
        self.run = run
        key = keys.current
        difficulty = limits.difficulty.clamped(to: WireLimits.difficulty)
        lifetime = limits.workLifetime
        used = ExpiringDictionary(period: limits.workLifetime, capacity: limits.usedChallenges, started: started)
    }

    var nextDeadline: Duration? { used.nextDeadline }
    var isEmpty: Bool { used.isEmpty }

    mutating func advance(_ now: Duration) { used.advance(now) }

    /// Makes `next` the key of new challenges. The relay still accepts challenges that it made with the previous key
    /// until they expire.
    mutating func replaceKey(by next: TokenKey, now: Duration) {
        guard next.id != key.id else { return }
        former = (key, now + lifetime)
        key = next
    }

    /// The difficulty of the proof of work for a prefix that exceeds its limits, in leading zero bits of the hash. Each
    /// doubling of `excess.common` adds one bit. Each doubling of `excess.misses` (visits that found no code) adds two.
    func difficulty(for excess: Excess) -> Int {
        let common = min(difficulty.lowerBound + Self.doublings(excess.common), difficulty.upperBound)
        let misses = difficulty.lowerBound + 2 * Self.doublings(excess.misses)
        return max(common, min(misses, WireLimits.difficulty.upperBound))
    }

    /// A `work_wanted` frame with a new proof-of-work challenge, which only a device of this address prefix can use.
    func challenge(
        _ purpose: Purpose,
        prefix: AddressPrefix,
        excess: Excess,
        now: Duration,
        entropy: inout some RandomNumberGenerator
    ) -> RelayFrame {
        let bits = difficulty(for: excess)
        var bytes = [purpose.rawValue, UInt8(clamping: bits)] + milliseconds(now + lifetime).bigEndianBytes
        bytes += entropy.bytes(8)
        bytes += mac(bytes, prefix, key)
        return .workWanted(challenge: bytes, difficulty: bits, expiresIn: lifetime)
    }

    /// Checks whether `work` solves a challenge for this purpose and prefix, has not expired, and was not used before.
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
        // The comparison of the MAC need not take constant time: the challenge holds no secret, and a forger saves the
        // work for one request only.
        guard head[0] == purpose.rawValue, isOurs(challenge, head, prefix, now) else { return .bad }
        let expiry = head[2..<10].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // An earlier run of the relay with the same key may have made this challenge, and its clock had another
        // starting point. So the relay refuses an expiry that is further ahead than in a challenge of this run.
        guard milliseconds(now)...milliseconds(now + lifetime) ~= expiry else { return .bad }
        let digest = SHA256.hash(data: challenge + work.answer)
        guard Self.leadingZeroBits(digest) >= Int(head[1]) else { return .bad }
        guard used[challenge] == nil else { return .bad }
        return used.put(true, for: challenge, now: now) ? .done(difficulty: Int(head[1])) : .full
    }

    private static func doublings(_ excess: Int) -> Int { Int.bitWidth - 1 - max(1, excess).leadingZeroBitCount }

    private func isOurs(_ challenge: [UInt8], _ head: [UInt8], _ prefix: AddressPrefix, _ now: Duration) -> Bool {
        let sent = Array(challenge.suffix(Self.macByteCount))
        if sent == mac(head, prefix, key) { return true }
        guard let former, now <= former.until else { return false }
        return sent == mac(head, prefix, former.key)
    }

    private func mac(_ head: [UInt8], _ prefix: AddressPrefix, _ key: TokenKey) -> [UInt8] {
        Array(key.challengeMAC(head + prefix.macInput + run).prefix(Self.macByteCount))
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
