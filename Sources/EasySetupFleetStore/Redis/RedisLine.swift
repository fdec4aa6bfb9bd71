/// The two connections of an attempt: one hears messages, and one asks.
package enum RedisLine: Hashable, Sendable, CaseIterable {
    case messages, questions
}
