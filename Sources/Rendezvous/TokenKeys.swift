private import Crypto

/// The keys of a relay: what is made is made with the current one, what is checked may be made with the previous one.
package struct TokenKeys: Sendable {
    let current: TokenKey
    let previous: TokenKey?

    /// Fewer bytes than ``byteCount`` make no key.
    package struct KeyTooShort: Error, Hashable, Sendable {}

    /// The least that a key must have; more are welcome.
    package static let byteCount = 32

    package init(current: [UInt8], previous: [UInt8]? = nil) throws(KeyTooShort) {
        self.current = try TokenKey(current)
        if let previous { self.previous = try TokenKey(previous) } else { self.previous = nil }
    }

    func key(id: [UInt8]) -> TokenKey? {
        if current.id == id { return current }
        if let previous, previous.id == id { return previous }
        return nil
    }
}

/// One key of a relay, and the keys made from it, each for one use (`Protocol/relay.md`, "Tokens").
struct TokenKey: Sendable {
    /// Says which key made a token; public.
    let id: [UInt8]
    /// With the key taken in: a token costs a quarter less for it.
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

    /// Adds 32 bytes over a token's other bytes.
    func appendTokenMAC(to bytes: inout [UInt8]) {
        var keyed = tokens
        keyed.update(data: bytes)
        let mac = keyed.finalize()
        unsafe mac.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// In constant time.
    func isTokenMAC(_ mac: [UInt8], of bytes: [UInt8]) -> Bool {
        var keyed = tokens
        keyed.update(data: bytes)
        return keyed.finalize() == mac
    }

    /// 32 bytes over a challenge's other bytes and what it is bound to.
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
