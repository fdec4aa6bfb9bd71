private import Crypto

/// The token keys of a relay. The relay makes tokens with the current key, and accepts tokens of any of the keys.
package struct TokenKeys: Sendable {
    let current: TokenKey
    /// Further keys from the operator, whose tokens the relay accepts without restriction.
    private let others: [TokenKey]
    /// Keys that were replaced while the relay ran.
    private var retired: [Retired] = []

    /// The key has fewer bytes than ``byteCount``.
    package struct KeyTooShort: Error, Hashable, Sendable {}

    /// The least length of a key, in bytes. Longer keys are allowed.
    package static let byteCount = 32

    /// How many replaced keys the relay remembers. It forgets the oldest first.
    static let retiredCount = 16

    package init(current: [UInt8], others: [[UInt8]] = []) throws(KeyTooShort) {
        self.current = try TokenKey(current)
        var keys: [TokenKey] = []
        for other in others { keys.append(try TokenKey(other)) }
        self.others = keys
    }

    /// The key with this id, and the latest deadline that a token of this key may have, which is nil if any is allowed.
    func key(id: [UInt8]) -> (key: TokenKey, latestDeadline: Int64?)? {
        if current.id == id { return (current, nil) }
        if let key = others.first(where: { $0.id == id }) { return (key, nil) }
        return retired.first { $0.key.id == id }.map { ($0.key, $0.latestDeadline) }
    }

    /// The keys of `next`, and the present keys, whose tokens the relay still accepts.
    /// - Parameters:
    ///   - next: the keys for new tokens.
    ///   - now: the time in seconds since 1970 UTC.
    ///   - latestDeadline: the latest deadline of any token made so far, in seconds since 1970 UTC. The relay accepts
    ///     no token of a replaced key with a later one, so an attacker who steals such a key gains only this time.
    func replaced(by next: TokenKeys, now: Int64, latestDeadline: Int64) -> TokenKeys {
        var keys = next
        let leaving = ([current] + others).map { Retired(key: $0, latestDeadline: latestDeadline) }
        keys.retired = (leaving + retired)
            .filter { $0.latestDeadline > now && next.key(id: $0.key.id) == nil }
            .prefix(Self.retiredCount).map(\.self)
        return keys
    }

    private struct Retired: Sendable {
        let key: TokenKey
        let latestDeadline: Int64
    }
}

/// One key of a relay, and the keys derived from it, each for one purpose (`Protocol/relay.md`, "Tokens").
struct TokenKey: Sendable {
    /// The public id of the key, which its tokens contain.
    let id: [UInt8]
    /// States of HMAC that have absorbed the key already. Reusing them makes a token a quarter cheaper.
    private let tokens: HMAC<SHA256>
    private let challenges: HMAC<SHA256>

    static let idByteCount = 4

    init(_ bytes: [UInt8]) throws(TokenKeys.KeyTooShort) {
        guard bytes.count >= TokenKeys.byteCount else { throw TokenKeys.KeyTooShort() }
        let root = SymmetricKey(data: bytes)
        func derived(_ label: String) -> HMAC<SHA256> {
            let key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(label.utf8), using: root))
            return HMAC<SHA256>(key: key)
        }
        id = Array(HMAC<SHA256>.authenticationCode(for: Array("EasySetup relay v1 key id".utf8), using: root))
            .prefix(Self.idByteCount).map { $0 }
        tokens = derived("EasySetup relay v1 tokens")
        challenges = derived("EasySetup relay v1 challenges")
    }

    /// Appends the 32-byte MAC over the bytes so far.
    func appendTokenMAC(to bytes: inout [UInt8]) {
        var keyed = tokens
        keyed.update(data: bytes)
        let mac = keyed.finalize()
        unsafe mac.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Whether `mac` is the right MAC of `bytes`. The comparison takes constant time.
    func isTokenMAC(_ mac: [UInt8], of bytes: [UInt8]) -> Bool {
        var keyed = tokens
        keyed.update(data: bytes)
        return keyed.finalize() == mac
    }

    /// The 32-byte MAC of a challenge. `bytes` are the other bytes of the challenge and the prefix that it is bound to.
    func challengeMAC(_ bytes: [UInt8]) -> [UInt8] {
        Self.mac(bytes, challenges)
    }

    private static func mac(_ bytes: [UInt8], _ keyed: HMAC<SHA256>) -> [UInt8] {
        var keyed = keyed
        keyed.update(data: bytes)
        return unsafe keyed.finalize().withUnsafeBytes { unsafe Array($0) }
    }
}

extension TokenKeys: CustomStringConvertible, CustomReflectable {
    package var description: String { "TokenKeys" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension TokenKey: CustomStringConvertible, CustomReflectable {
    var description: String { "TokenKey" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
