package import EasySetupRelayProtocol

/// One meeting's messages as one device sees them: what it sent until the peer has it, what it has (`Protocol/relay.md`,
/// "Delivery").
///
/// A message's bytes are kept as they were sent, so that what is sent again after a lost connection is the same.
package struct DeliveryWindow: Sendable {
    private var unacknowledged: [Message] = []
    private var sent: UInt32 = 0

    /// The highest number of this device's messages that the peer has.
    package private(set) var acked: UInt32 = 0
    /// The highest number of the peer's messages that this device has, without a gap.
    package private(set) var received: UInt32 = 0

    package init() {}

    /// Whether the peer has everything.
    package var isAllAcknowledged: Bool { acked == sent }

    /// The next message; it carries the acknowledgement of all that came so far.
    package mutating func send(_ body: [UInt8]) -> Message {
        sent += 1
        let message = Message(number: sent, ack: received, body: body)
        unacknowledged.append(message)
        return message
    }

    /// What to send again to a relay that has this device's messages up to `have`.
    package func messagesToResend(after have: UInt32) -> [Message] {
        unacknowledged.filter { $0.number > have }.map { Message(number: $0.number, ack: received, body: $0.body) }
    }

    /// A message of the peer's: its body when it is the next one, nil when this device has it already.
    ///
    /// - Throws: ``DeliveryError`` for a gap, or an acknowledgement of what was never sent: the relay is broken or lies.
    package mutating func receive(_ message: Message) throws(DeliveryError) -> [UInt8]? {
        try acknowledge(upTo: message.ack)
        if message.number <= received { return nil }
        guard message.number == received + 1 else { throw DeliveryError() }
        received += 1
        return message.body
    }

    /// The peer has this device's messages up to this one.
    package mutating func acknowledge(upTo number: UInt32) throws(DeliveryError) {
        guard number <= sent else { throw DeliveryError() }
        guard number > acked else { return }
        acked = number
        unacknowledged.removeAll { $0.number <= number }
    }
}

/// A relay broke the numbering.
package struct DeliveryError: Error, Hashable {}
