import EasySetupRelayProtocol

/// Two devices in a meeting, which send each other messages in turn.
final class Conversation {
    private let offerer: Device
    private let visitor: Device
    private let meeting: MeetingID
    private var number: UInt32 = 0
    /// A message as long as the handshake's last two.
    private let body = [UInt8](repeating: 0x5A, count: 529)

    init(offererPort: UInt16, visitorPort: UInt16) throws(CountError) {
        offerer = try Device(port: offererPort)
        try offerer.say(.offer(slotLength: 0, work: nil))
        guard case .offered(let slot, _, _) = try offerer.hear() else { throw .unexpected("no slot") }
        visitor = try Device(port: visitorPort)
        try visitor.say(.visit(slot: slot, work: nil))
        guard case .met = try visitor.hear(), case .visitor(let meeting) = try offerer.hear() else {
            throw .unexpected("nothing of a meeting")
        }
        self.meeting = meeting
    }

    /// Sends this many messages in both directions, each of which acknowledges the one before.
    func exchange(_ count: Int) throws(CountError) {
        for _ in 0..<count {
            number += 1
            try visitor.say(.message(meeting: nil, Message(number: number, ack: number - 1, body: body)))
            guard case .message = try offerer.hear() else { throw .unexpected("no message to the offerer") }
            try offerer.say(.message(meeting: meeting, Message(number: number, ack: number, body: body)))
            guard case .message = try visitor.hear() else { throw .unexpected("no message to the visitor") }
        }
    }
}
