import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

let relayRunners: [String: VectorRunner] = ["relay-frames": runFrames, "tokens": runTokens]

private struct FrameFile: Decodable {
    struct Frame: Decodable {
        let frame: String
        let bytes: String
    }

    struct Bad: Decodable {
        let why: String
        let bytes: String
        let error: String
    }

    struct WithMessage: Decodable {
        let why: String
        let frame: String
        let frameBytes: String
        let bytes: String
        let message: String?

        enum CodingKeys: String, CodingKey {
            case why, frame, bytes, message
            case frameBytes = "frame_bytes"
        }
    }

    let device: [Frame]
    let relay: [Frame]
    let badDevice: [Bad]
    let badRelay: [Bad]
    let messages: [WithMessage]

    enum CodingKeys: String, CodingKey {
        case device, relay, messages
        case badDevice = "bad_device"
        case badRelay = "bad_relay"
    }
}

/// The fields as JSON are for readers of other languages: `make-vectors` writes them from the same values as the bytes, and
/// `scripts/vectors` shows any change.
@Sendable private func runFrames(_ file: VectorFile) throws {
    let content = try file.decode(FrameFile.self)
    for frame in content.device {
        let parsed = try DeviceFrame(parsing: bytes(frame.bytes))
        #expect(hex(parsed.serialized()) == frame.bytes)
        #expect(name(of: parsed) == frame.frame)
    }
    for frame in content.relay {
        let parsed = try RelayFrame(parsing: bytes(frame.bytes))
        #expect(hex(parsed.serialized()) == frame.bytes)
        #expect(name(of: parsed) == frame.frame)
    }
    for bad in content.badDevice {
        let bytes = try bytes(bad.bytes)
        let error = #expect(throws: FrameError.self, "\(bad.why)") { try DeviceFrame(parsing: bytes) }
        #expect(error?.vectorName == bad.error, "\(bad.why)")
    }
    for bad in content.badRelay {
        let bytes = try bytes(bad.bytes)
        let error = #expect(throws: FrameError.self, "\(bad.why)") { try RelayFrame(parsing: bytes) }
        #expect(error?.vectorName == bad.error, "\(bad.why)")
    }
    for item in content.messages {
        let received = try ReceivedFrame(parsing: bytes(item.bytes))
        #expect(name(of: received.frame) == item.frame)
        // The frame is the same with the message and without it.
        #expect(try received.frame == RelayFrame(parsing: bytes(item.frameBytes)), "\(item.why)")
        #expect(received.message?.description == item.message, "\(item.why)")
        if item.message != nil { #expect(hex(received.serialized()) == item.bytes, "\(item.why)") }
    }
    #expect(content.messages.contains { $0.message == nil } && content.messages.contains { $0.message != nil })
}

/// The case's name as in `relay.proto`.
private func name(of frame: Any) -> String {
    let label = Mirror(reflecting: frame).children.first?.label ?? "\(frame)"
    return label.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
}

extension FrameError {
    fileprivate var vectorName: String {
        switch self {
        case .tooLong: "too long"
        case .malformed: "malformed"
        case .unknown: "unknown"
        case .badField(let field): field.rawValue
        }
    }
}

private struct TokenFile: Decodable {
    struct Good: Decodable {
        let slot: String
        let offer: String
        let meeting: String?
        let deadline: Int64
        let token: String
    }

    struct Bad: Decodable {
        let why: String
        let bytes: String
        let error: String
    }

    let key: String
    let previousKey: String
    let tokens: [Good]
    let previousToken: String
    let bad: [Bad]

    enum CodingKeys: String, CodingKey {
        case key, tokens, bad
        case previousKey = "previous_key"
        case previousToken = "previous_token"
    }
}

@Sendable private func runTokens(_ file: VectorFile) throws {
    let content = try file.decode(TokenFile.self)
    let keys = try TokenKeys(current: bytes(content.key), others: [bytes(content.previousKey)])
    for good in content.tokens {
        let claims = TokenClaims(
            slot: try #require(Slot(good.slot)),
            offer: try #require(OfferID(bytes(good.offer))),
            meeting: try good.meeting.map { try #require(MeetingID(bytes($0))) },
            deadline: good.deadline
        )
        #expect(hex(claims.token(keys: keys).bytes) == good.token)
        #expect(try TokenClaims(checking: Token(bytes: bytes(good.token)), keys: keys) == claims)
    }
    let previous = Token(bytes: try bytes(content.previousToken))
    #expect(try TokenClaims(checking: previous, keys: keys).role == .offerer)
    for bad in content.bad {
        let token = Token(bytes: try bytes(bad.bytes))
        let expected: TokenError = bad.error == "unknown key" ? .unknownKey : .invalid
        #expect(throws: expected, "\(bad.why)") { try TokenClaims(checking: token, keys: keys) }
    }
}
