/// A meeting's 16 random bytes, drawn by the relay; the handshake's session id (`Protocol/relay.md`, "Names").
package struct MeetingID: Hashable, Sendable {
    /// Always 16.
    package static let byteCount = 16
    package let bytes: [UInt8]

    /// Nil when there are not exactly 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

/// Where to meet at a relay: 3 to 6 symbols of Crockford base32, canonical (`Protocol/relay.md`, "Names").
package struct Slot: Hashable, Sendable {
    package static let lengths = 3...6
    package static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    package let symbols: String

    /// Nil when it is not 3 to 6 canonical symbols.
    package init?(_ symbols: String) {
        guard Self.lengths.contains(symbols.utf8.count), symbols.utf8.allSatisfy(Self.alphabet.contains) else {
            return nil
        }
        self.symbols = symbols
    }
}

/// A relay's MAC over what a device may come back to; opaque to devices (`Protocol/relay.md`, "Tokens").
package struct Token: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// The answer to a ``RelayFrame/workWanted(challenge:difficulty:expiresIn:)``.
package struct Work: Hashable, Sendable {
    package var challenge: [UInt8]
    /// 8 bytes.
    package var answer: [UInt8]

    package init(challenge: [UInt8], answer: [UInt8]) {
        self.challenge = challenge
        self.answer = answer
    }
}

/// An end-to-end message on its way; only the devices know what the body says.
package struct Message: Hashable, Sendable {
    /// Counts the sender's messages in this meeting, from 1.
    package var number: UInt32
    /// The highest number of the peer's messages that the sender has, without a gap; 0 for none.
    package var ack: UInt32
    package var body: [UInt8]

    package init(number: UInt32, ack: UInt32, body: [UInt8]) {
        self.number = number
        self.ack = ack
        self.body = body
    }
}

/// One living meeting, as an offerer tells it on coming back.
package struct Held: Hashable, Sendable {
    package var meeting: MeetingID
    /// The highest number of the offerer's messages that the peer acknowledged.
    package var acked: UInt32
    /// The highest number of the peer's messages that the offerer has, without a gap.
    package var received: UInt32
    package var isSeated: Bool

    package init(meeting: MeetingID, acked: UInt32, received: UInt32, isSeated: Bool) {
        self.meeting = meeting
        self.acked = acked
        self.received = received
        self.isSeated = isSeated
    }
}

// The model is `Protocol/model/pairing.pml`, `mtype:DeviceFrame`.
/// What a device says to a relay. `meeting` is nil between a visitor and the relay: it has but one.
package enum DeviceFrame: Hashable, Sendable {
    case offer(slotLength: Int, work: Work?)
    case visit(slot: Slot, work: Work?)
    /// `attempt` counts the attaches with this token, from 1; 0 is not counted.
    case attachVisitor(token: Token, acked: UInt32, received: UInt32, attempt: UInt32 = 0)
    case attachOfferer(token: Token, held: [Held], attempt: UInt32 = 0)
    case message(meeting: MeetingID?, Message)
    case ack(meeting: MeetingID?, upTo: UInt32)
    case seat(meeting: MeetingID)
    case close(meeting: MeetingID, Reason)
    case leave(Reason)
}

// The model is `Protocol/model/pairing.pml`, `mtype:RelayFrame`.
/// What a relay says to a device. `meeting` is nil between a visitor and the relay: it has but one.
package enum RelayFrame: Hashable, Sendable {
    case offered(slot: Slot, token: Token, expiresIn: Duration)
    case inLine(position: Int)
    case met(meeting: MeetingID, token: Token, expiresIn: Duration)
    case visitor(meeting: MeetingID)
    case message(meeting: MeetingID?, Message)
    case ack(meeting: MeetingID?, upTo: UInt32)
    case attachedVisitor(expiresIn: Duration, have: UInt32)
    case attachedOfferer(expiresIn: Duration, meetings: [Have], slotLost: Bool)
    case presence(meeting: MeetingID?, isPresent: Bool)
    case seated(meeting: MeetingID?, expiresIn: Duration)
    case over(meeting: MeetingID?, Reason)
    case refused(Reason, retryAfter: Duration)
    case workWanted(challenge: [UInt8], difficulty: Int, expiresIn: Duration)
    case goodbye(retryAfter: Duration)
}

/// How far the relay has an offerer's messages in one meeting.
package struct Have: Hashable, Sendable {
    package var meeting: MeetingID
    package var have: UInt32

    package init(meeting: MeetingID, have: UInt32) {
        self.meeting = meeting
        self.have = have
    }
}

/// Why something ended or was refused: one vocabulary for the wire, the logs, the metrics and `Protocol/errors.md`.
package enum Reason: String, Hashable, Sendable, CaseIterable {
    case unspecified
    // Ends that devices give each other.
    case done
    case cancelled
    case wrongProof = "wrong-proof"
    case codeBurnt = "code-burnt"
    case malformed
    case wrongSuite = "wrong-suite"
    case fault
    // Ends and refusals of the relay's own.
    case noSuchCode = "no-such-code"
    case seated
    case expired
    case lineFull = "line-full"
    case relayFull = "relay-full"
    case tooMany = "too-many"
    case badFrame = "bad-frame"
    case badOrder = "bad-order"
    case mailboxFull = "mailbox-full"
    case badToken = "bad-token"
    case meetingOver = "meeting-over"
    case elsewhere
    case tooSlow = "too-slow"
    case draining
    case relayForgot = "relay-forgot"
    case badWork = "bad-work"
}
