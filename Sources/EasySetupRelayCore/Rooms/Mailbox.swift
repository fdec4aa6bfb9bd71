import EasySetupRelayProtocol

/// One direction of a meeting: the messages that the receiver has not acknowledged, and how far sender and receiver are
/// (`Protocol/relay.md`, "Delivery").
struct Mailbox: Sendable {
    /// The highest message number received from the sender, without a gap.
    private(set) var have: UInt32 = 0
    /// The highest message number handed to a connection of the receiver, which here is the device that these messages
    /// go to.
    private(set) var delivered: UInt32 = 0
    /// The highest message number that the receiver has acknowledged.
    private(set) var acked: UInt32 = 0
    /// The stored messages: numbers after `acked` up to `have`.
    private(set) var messages: [Message] = []
    private(set) var bytes = 0
    /// Whether the relay was restarted, so that it knows of the earlier numbers only from what a device says.
    private(set) var isRestored = false

    init() {}

    /// A mailbox after a restart. The offerer, which comes back first, names the last number that was acknowledged.
    init(restoredAt number: UInt32) {
        have = number
        delivered = number
        acked = number
        isRestored = true
    }

    enum OnMessage { case stored, repeated, gap, full }

    mutating func received(_ message: Message, limits: Limits) -> OnMessage {
        guard message.number > have else { return .repeated }
        guard message.number - 1 == have else { return .gap }
        guard messages.count < limits.mailboxMessages, bytes + message.body.count <= limits.mailboxBytes else {
            return .full
        }
        messages.append(message)
        bytes += message.body.count
        have = message.number
        return .stored
    }

    enum OnAck { case news, old, beyond }

    mutating func acknowledged(upTo number: UInt32) -> OnAck {
        guard number <= delivered else { return .beyond }
        guard number > acked else { return .old }
        acked = number
        // In place, so that the next message reuses the array's memory.
        messages.removeFirst(messages.prefix { $0.number <= number }.count)
        bytes = messages.reduce(0) { $0 + $1.body.count }
        return .news
    }

    /// Whether a receiver that comes back may say that it has all messages up to `number`.
    func canHaveReceived(_ number: UInt32) -> Bool { number <= delivered || isRestored }

    /// The receiver has come back and has all messages up to `number`. The caller has checked ``canHaveReceived(_:)``.
    mutating func returned(having number: UInt32) -> OnAck {
        if number > delivered { delivered = number }
        // Messages that the receiver got before a restart count as received. If the sender sends them again, they are
        // repeats.
        if number > have { have = number }
        return acknowledged(upTo: number)
    }

    /// The message that was stored last goes to the receiver's connection, which has had all earlier ones.
    mutating func deliverLast() {
        delivered = have
    }

    /// The stored messages after `number`. They count as delivered, because the caller sends them to the receiver now.
    mutating func deliver(after number: UInt32) -> [Message] {
        delivered = max(delivered, have)
        return messages.filter { $0.number > number }
    }

    mutating func clear() {
        messages = []
        bytes = 0
    }
}
