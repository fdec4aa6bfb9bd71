/// The id of a meeting, which is one visitor's handshake with an offerer: 16 random bytes that the relay draws. The
/// handshake uses it as its session id (`Protocol/relay.md`, "Names").
package struct MeetingID: Hashable, Sendable {
    /// The number of bytes of an id, 16.
    package static let byteCount = 16
    private let value: Bytes16

    /// Nil unless there are exactly 16 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard let value = Bytes16(bytes) else { return nil }
        self.value = value
    }

    /// Nil unless there are exactly 16 bytes.
    init?(_ bytes: Span<UInt8>) {
        guard let value = Bytes16(bytes) else { return nil }
        self.value = value
    }

    package init(drawnFrom entropy: inout some RandomNumberGenerator) {
        value = Bytes16(drawnFrom: &entropy)
    }

    package var bytes: [UInt8] { value.bytes }

    package func append(to bytes: inout [UInt8]) {
        value.append(to: &bytes)
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe value.withUnsafeBytes(body)
    }
}

/// Sixteen bytes, stored inline and not in an array, because the relay compares, copies and hashes ids for every frame.
package struct Bytes16: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Nil unless there are exactly 16 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Nil unless there are exactly 16 bytes.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = unsafe UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(as: UInt64.self))
        low = unsafe UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    package init(drawnFrom entropy: inout some RandomNumberGenerator) {
        high = entropy.next()
        low = entropy.next()
    }

    /// The last eight of the bytes.
    package var half: UInt64 { low }

    package func append(to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe body($0) }
    }

    package var bytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                unsafe buffer[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                unsafe buffer[8 + index] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }
}

/// The address of an offerer's room at a relay: 3 to 6 symbols of Crockford's base32 in canonical form
/// (`Protocol/relay.md`, "Names").
package struct Slot: Hashable, Sendable {
    package static let lengths = 3...6
    package static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    package let symbols: String

    /// Makes a slot; nil unless the text is 3 to 6 canonical symbols.
    package init?(_ symbols: String) {
        guard Self.lengths.contains(symbols.utf8.count), symbols.utf8.allSatisfy(Self.isSymbol) else {
            return nil
        }
        self.symbols = symbols
    }

    /// Whether ``alphabet`` contains this byte. It has all digits, and all letters but four.
    private static func isSymbol(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "O"), UInt8(ascii: "U"): false
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }
}

/// A token with which a device comes back to its room or meeting on a new connection. The relay authenticates it by a
/// MAC, and devices do not look into it (`Protocol/relay.md`, "Tokens").
package struct Token: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// Proof of work: the answer to a ``RelayFrame/workWanted(challenge:difficulty:expiresIn:)``.
package struct Work: Hashable, Sendable {
    package var challenge: [UInt8]
    /// The answer to the challenge, which the device has found by trying: 8 bytes.
    package var answer: [UInt8]

    package init(challenge: [UInt8], answer: [UInt8]) {
        self.challenge = challenge
        self.answer = answer
    }
}

/// A message from one device to the other, which the relay passes on. Only the devices understand its body.
package struct Message: Hashable, Sendable {
    /// The number of the message. A device numbers its messages in a meeting from 1.
    package var number: UInt32
    /// The number of the other device's last message that the sender has received without a gap before it; 0 for none.
    package var ack: UInt32
    package var body: [UInt8]

    package init(number: UInt32, ack: UInt32, body: [UInt8]) {
        self.number = number
        self.ack = ack
        self.body = body
    }
}

/// The state of one open meeting, which an offerer tells the relay when it comes back to its room.
package struct MeetingResume: Hashable, Sendable {
    package var meeting: MeetingID
    /// The number of the offerer's last message that the visitor has acknowledged; 0 for none.
    package var acked: UInt32
    /// The number of the visitor's last message that the offerer has received without a gap before it; 0 for none.
    package var received: UInt32
    package var isSeated: Bool

    package init(meeting: MeetingID, acked: UInt32, received: UInt32, isSeated: Bool) {
        self.meeting = meeting
        self.acked = acked
        self.received = received
        self.isSeated = isSeated
    }
}

// A test compares these cases with the frames in the formal model of the protocol, which is written in Promela.
// The model is `Protocol/model/pairing.pml`, `mtype:DeviceFrame`.
/// A frame from a device to a relay. `meeting` is nil in a visitor's frames, because a visitor has only one meeting.
package enum DeviceFrame: Hashable, Sendable {
    case offer(slotLength: Int, work: Work?)
    case visit(slot: Slot, work: Work?)
    /// A visitor comes back with its token. `attempt` is the number of such frames that the device has sent with this
    /// token, this one included; 0 means that the device does not count them.
    case attachVisitor(token: Token, acked: UInt32, received: UInt32, attempt: UInt32 = 0)
    case attachOfferer(token: Token, held: [MeetingResume], attempt: UInt32 = 0)
    case message(meeting: MeetingID?, Message)
    case ack(meeting: MeetingID?, upTo: UInt32)
    case seat(meeting: MeetingID)
    case close(meeting: MeetingID, Reason)
    case leave(Reason)
}

// A test compares these cases with the frames in the formal model of the protocol, which is written in Promela.
// The model is `Protocol/model/pairing.pml`, `mtype:RelayFrame`.
/// A frame from a relay to a device. `meeting` is nil in frames to a visitor, because a visitor has only one meeting.
package enum RelayFrame: Hashable, Sendable {
    case offered(slot: Slot, token: Token, expiresIn: Duration)
    case inLine(position: Int)
    case met(meeting: MeetingID, token: Token, expiresIn: Duration)
    case visitor(meeting: MeetingID)
    case message(meeting: MeetingID?, Message)
    case ack(meeting: MeetingID?, upTo: UInt32)
    case attachedVisitor(expiresIn: Duration, have: UInt32)
    case attachedOfferer(expiresIn: Duration, meetings: [MeetingProgress], slotLost: Bool)
    case presence(meeting: MeetingID?, isPresent: Bool)
    case seated(meeting: MeetingID?, expiresIn: Duration)
    case over(meeting: MeetingID?, Reason)
    case refused(Reason, retryAfter: Duration)
    case workWanted(challenge: [UInt8], difficulty: Int, expiresIn: Duration)
    case goodbye(retryAfter: Duration)
}

/// The facts about one meeting that a relay tells an offerer that comes back: `have` is the number of the offerer's
/// last message in that meeting that the relay has received; 0 for none.
package struct MeetingProgress: Hashable, Sendable {
    package var meeting: MeetingID
    package var have: UInt32

    package init(meeting: MeetingID, have: UInt32) {
        self.meeting = meeting
        self.have = have
    }
}

/// The reason why a device or relay ends or refuses something. Logs, metrics, `Protocol/relay.proto` and
/// `Protocol/errors.md` use the same names.
package enum Reason: String, Hashable, Sendable, CaseIterable {
    case unspecified
    // The reasons from `done` to `fault` are those for which one device ends a meeting with the other.
    case done
    case cancelled
    case wrongProof = "wrong-proof"
    case codeBurnt = "code-burnt"
    case malformed
    case wrongSuite = "wrong-suite"
    case fault
    // The reasons from `no-such-code` on are those for which the relay ends or refuses something.
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
