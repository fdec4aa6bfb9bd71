private import Crypto

/// The keys with which a relay makes and checks tokens. It makes tokens with the current key, and accepts tokens of all
/// keys.
package struct TokenKeys: Sendable {
    let current: TokenKey
    /// Older or newer keys that the operator gave besides `current`. The relay accepts tokens made with these keys as
    /// it accepts those made with `current`: whatever deadline a token has, it is valid until then.
    private let others: [TokenKey]
    /// Keys that were replaced while the relay ran, and the latest deadline that the relay accepts in their tokens.
    private var retired: [Retired] = []

    /// The error that a key has fewer bytes than ``byteCount``.
    package struct KeyTooShort: Error, Hashable, Sendable {}

    /// The least length of a key, in bytes. Longer keys are allowed.
    package static let byteCount = 32

    /// How many replaced keys the relay remembers. Beyond this number it forgets the oldest.
    static let retiredCount = 16

    package init(current: [UInt8], others: [[UInt8]] = []) throws(KeyTooShort) {
        self.current = try TokenKey(current)
        var keys: [TokenKey] = []
        for other in others { keys.append(try TokenKey(other)) }
        self.others = keys
    }

    /// The key with this id, and the latest deadline that the relay accepts in a token of this key; that is nil if
    /// every deadline is allowed. Nil if there is no such key.
    func key(id: [UInt8]) -> (key: TokenKey, latestDeadline: Int64?)? {
        if current.id == id { return (current, nil) }
        if let key = others.first(where: { $0.id == id }) { return (key, nil) }
        return retired.first { $0.key.id == id }.map { ($0.key, $0.latestDeadline) }
    }

    /// Returns the keys of `next`. The present keys are added as replaced keys, whose tokens the relay still accepts.
    /// - Parameters:
    ///   - next: the keys for new tokens.
    ///   - now: the time in seconds since 1970 UTC.
    ///   - latestDeadline: the latest deadline of any token made so far, in seconds since 1970 UTC. The relay accepts
    ///     no later deadline in a token of a replaced key, so a stolen key is useless after that time.
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

/// One key of a relay. It is kept only in the form of keys derived from it, each for one purpose (`Protocol/relay.md`,
/// "Tokens").
struct TokenKey: Sendable {
    /// The key's public id, which each token made with the key contains.
    let id: [UInt8]
    /// HMAC states that have absorbed a derived key already. Copying such a state makes computing a token's MAC a
    /// quarter cheaper.
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

    /// Appends the 32-byte MAC of a token to the token's other bytes.
    func appendTokenMAC(to bytes: inout [UInt8]) {
        var keyed = tokens
        keyed.update(data: bytes)
        let mac = keyed.finalize()
        unsafe mac.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Whether `mac` is the right MAC of a token's other bytes. The comparison takes constant time.
    func isTokenMAC(_ mac: [UInt8], of bytes: [UInt8]) -> Bool {
        var keyed = tokens
        keyed.update(data: bytes)
        return keyed.finalize() == mac
    }

    /// The 32-byte MAC of a proof-of-work challenge. `bytes` are the other bytes of the challenge, and those of the
    /// address prefix for which it is valid.
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
