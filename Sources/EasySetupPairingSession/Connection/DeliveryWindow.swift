package import EasySetupRelayProtocol

/// The delivery state of one meeting on one device: the sent messages that the peer has not acknowledged, and the
/// number of the last message received (`Protocol/relay.md`, "Delivery").
///
/// The window keeps the encrypted body of a message, so that this device sends the same body again after a lost
/// connection.
package struct DeliveryWindow: Sendable {
    private var unacknowledged: [Message] = []
    private var sent: UInt32 = 0

    /// The highest number of this device's messages that the peer has acknowledged.
    package private(set) var acked: UInt32 = 0
    /// The number up to which this device has all messages of the peer.
    package private(set) var received: UInt32 = 0

    package init() {}

    /// Whether the peer has acknowledged every sent message.
    package var isAllAcknowledged: Bool { acked == sent }

    /// Makes the next message, which also acknowledges all messages received so far.
    package mutating func send(_ body: [UInt8]) -> Message {
        sent += 1
        let message = Message(number: sent, ack: received, body: body)
        unacknowledged.append(message)
        return message
    }

    /// The messages to send again to a relay that has this device's messages up to `have`.
    package func messagesToResend(after have: UInt32) -> [Message] {
        unacknowledged.filter { $0.number > have }.map { Message(number: $0.number, ack: received, body: $0.body) }
    }

    /// Takes a message of the peer. Returns its body if it is the next message, and nil if this device has it already.
    ///
    /// - Throws: ``DeliveryError`` for a gap in the numbers, or if the message acknowledges one that this device never
    ///   sent.
    package mutating func receive(_ message: Message) throws(DeliveryError) -> [UInt8]? {
        try acknowledge(upTo: message.ack)
        if message.number <= received { return nil }
        guard message.number == received + 1 else { throw DeliveryError() }
        received += 1
        return message.body
    }

    /// Takes the peer's acknowledgement of this device's messages up to `number`.
    package mutating func acknowledge(upTo number: UInt32) throws(DeliveryError) {
        guard number <= sent else { throw DeliveryError() }
        guard number > acked else { return }
        acked = number
        unacknowledged.removeAll { $0.number <= number }
    }
}

/// A message number is wrong: there is a gap, or the peer acknowledges a message that this device never sent.
package struct DeliveryError: Error, Hashable {}
