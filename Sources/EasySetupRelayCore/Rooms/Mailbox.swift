import EasySetupRelayProtocol

/// One direction of a meeting: the messages the peer has not acknowledged, and how far everybody is
/// (`Protocol/relay.md`, "Delivery").
struct Mailbox: Sendable {
    /// The highest number had from the sender, all before it too.
    private(set) var have: UInt32 = 0
    /// The highest number handed to a connection of the peer's.
    private(set) var delivered: UInt32 = 0
    /// The highest number that the peer has acknowledged.
    private(set) var acked: UInt32 = 0
    /// Numbers after `acked` up to `have`.
    private(set) var messages: [Message] = []
    private(set) var bytes = 0
    /// Whether earlier numbers are known from a device's word only, because the relay was started again.
    private(set) var isRestored = false

    init() {}

    /// After a restart: both sides have what the one of them that came back first says.
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
        // In place: the next message finds the memory of the one before it.
        messages.removeFirst(messages.prefix { $0.number <= number }.count)
        bytes = messages.reduce(0) { $0 + $1.body.count }
        return .news
    }

    /// Whether a peer that comes back can have all messages up to `number`.
    func canHaveReceived(_ number: UInt32) -> Bool { number <= delivered || isRestored }

    /// The peer has come back and has all messages up to `number`, which ``canHaveReceived(_:)``.
    mutating func returned(having number: UInt32) -> OnAck {
        if number > delivered { delivered = number }
        // What a restarted relay never saw but the peer has is had; when it is sent again it is a repeat.
        if number > have { have = number }
        return acknowledged(upTo: number)
    }

    /// The message that was just stored is handed to the peer's connection, which has had all before it.
    mutating func deliverLast() {
        delivered = have
    }

    /// The messages after `number`, now handed to the peer's connection.
    mutating func deliver(after number: UInt32) -> [Message] {
        delivered = max(delivered, have)
        return messages.filter { $0.number > number }
    }

    mutating func clear() {
        messages = []
        bytes = 0
    }
}
