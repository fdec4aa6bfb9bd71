/// The limits and token keys that every decision about a room uses. It is a class, because passing these 500 bytes by
/// value to each decision would be slow.
final class Rules: Sendable {
    let limits: Limits
    let keys: TokenKeys

    init(limits: Limits, keys: TokenKeys) {
        self.limits = limits
        self.keys = keys
    }
}
