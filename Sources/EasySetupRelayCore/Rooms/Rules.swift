/// The limits and token keys that every decision about a room uses. It is a class, because passing these 500 bytes by
/// value to each decision would be slow.
final class Rules: Sendable {
    let limits: Limits
    let keys: TokenKeys
    /// The time to wait that the relay sends with `goodbye` to the devices of a room that goes on at another relay.
    let goodbyeWait: Duration

    init(limits: Limits, keys: TokenKeys, goodbyeWait: Duration) {
        self.limits = limits
        self.keys = keys
        self.goodbyeWait = goodbyeWait
    }
}
