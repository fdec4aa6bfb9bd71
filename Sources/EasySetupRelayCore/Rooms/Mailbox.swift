internal import DequeModule
import EasySetupRelayProtocol

/// One direction of a meeting: the messages that the receiving device has not acknowledged, and how far the sending and
/// the receiving device are (`Protocol/relay.md`, "Delivery").
struct Mailbox: Sendable {
    /// The highest number up to which all of the sender's messages have arrived at the relay.
    private(set) var have: UInt32 = 0
    /// The highest number up to which the relay has sent messages to the receiving device.
    private(set) var delivered: UInt32 = 0
    /// The highest message number that the receiving device has acknowledged.
    private(set) var acked: UInt32 = 0
    /// The stored messages: those with numbers above `acked`, up to `have`.
    private(set) var messages: Deque<Message> = []
    private(set) var bytes = 0
    /// Whether this mailbox was made after a restart of the relay, which knows the numbers of earlier messages only
    /// from what the devices say.
    private(set) var isRestored = false

    init() {}

    /// Makes a mailbox after a restart of the relay. The messages up to `number` count as acknowledged, because the
    /// offerer, which comes back first, says so.
    init(restoredAt number: UInt32) {
        have = number
        delivered = number
        acked = number
        isRestored = true
    }

    enum OnMessage { case stored, repeated, gap, full }

    mutating func received(_ message: Message, _ rules: Rules) -> OnMessage {
        guard message.number > have else { return .repeated }
        guard message.number - 1 == have else { return .gap }
        guard messages.count < rules.limits.mailboxMessages,
            bytes + message.body.count <= rules.limits.mailboxBytes
        else {
            return .full
        }
        messages.append(message)
        bytes += message.body.count
        have = message.number
        return .stored
    }

    /// The limit because of which the mailbox is full.
    func limitReached(_ rules: Rules) -> CountedLimit {
        messages.count < rules.limits.mailboxMessages ? .mailboxBytes : .mailboxMessages
    }

    enum OnAck { case news, old, beyond }

    mutating func acknowledged(upTo number: UInt32) -> OnAck {
        guard number <= delivered else { return .beyond }
        guard number > acked else { return .old }
        acked = number
        while !messages.isEmpty, messages[0].number <= number { bytes -= messages.removeFirst().body.count }
        return .news
    }

    /// Whether a receiving device that reconnects may claim to have all messages up to `number`: the relay must have
    /// sent them, or have been restarted since.
    func canHaveReceived(_ number: UInt32) -> Bool { number <= delivered || isRestored }

    /// Handles the return of the receiving device, which has all messages up to `number`. The caller guarantees that
    /// ``canHaveReceived(_:)`` is true.
    mutating func returned(having number: UInt32) -> OnAck {
        if number > delivered { delivered = number }
        // The receiving device got the messages up to `number` before a restart of the relay, so they count as
        // received. If the sender sends them again, they are repeats.
        if number > have { have = number }
        return acknowledged(upTo: number)
    }

    /// Notes that the caller sends the message that was stored last to the receiving device. The relay has sent all
    /// earlier messages before.
    mutating func deliverLast() {
        delivered = have
    }

    /// The stored messages with numbers above `number`. They count as delivered, because the caller guarantees to send
    /// them to the receiving device now.
    mutating func deliver(after number: UInt32) -> [Message] {
        delivered = max(delivered, have)
        return messages.filter { $0.number > number }
    }

    mutating func clear() {
        messages = []
        bytes = 0
    }
}
