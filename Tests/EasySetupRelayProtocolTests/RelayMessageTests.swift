import EasySetupRelayProtocol
import Testing

@Suite("The relay's message") struct RelayMessageTests {
    static let sentence = "Maintenance at 8:00 UTC; that's all."

    @Test(
        "A message stands behind its frame, and a reader that does not know it reads the same frame",
        arguments: Samples.relay
    )
    func beside(frame: RelayFrame) throws {
        let message = try RelayMessage(Self.sentence)
        let received = ReceivedFrame(frame, message: message)
        let bytes = received.serialized()
        #expect(bytes == frame.serialized() + [0x7A, UInt8(Self.sentence.utf8.count)] + Array(Self.sentence.utf8))
        #expect(try ReceivedFrame(parsing: bytes) == received)
        #expect(try RelayFrame(parsing: bytes) == frame)
        #expect(try ReceivedFrame(parsing: frame.serialized()) == ReceivedFrame(frame))
    }

    @Test("The longest message fits beside the longest answer to a first frame") func longest() throws {
        let message = try RelayMessage(String(repeating: "é", count: RelayMessage.maximumScalarCount))
        #expect(message.description.utf8.count == RelayMessage.maximumByteCount)
        let meetings = (0..<WireLimits.heldMeetings).map {
            MeetingProgress(meeting: MeetingID([UInt8](repeating: UInt8($0), count: 16))!, have: .max)
        }
        let frame = RelayFrame.attachedOfferer(expiresIn: .seconds(1 << 40), meetings: meetings, slotLost: true)
        let bytes = ReceivedFrame(frame, message: message).serialized()
        #expect(bytes.count <= WireLimits.frameBytes)
        #expect(try ReceivedFrame(parsing: bytes).message == message)
    }

    @Test("A message without a frame is no frame") func alone() throws {
        let field = try RelayMessage(Self.sentence).field
        #expect(throws: FrameError.unknown) { try ReceivedFrame(parsing: field) }
    }

    @Test("Of several messages in a frame the last one counts") func several() throws {
        let frame = RelayFrame.inLine(position: 1)
        let bytes = try RelayMessage("one").field + frame.serialized() + RelayMessage("two").field
        #expect(try ReceivedFrame(parsing: bytes) == ReceivedFrame(frame, message: RelayMessage("two")))
    }

    @Test("The operator's text is brought into NFC, without white space around it") func operatorsText() throws {
        #expect(try RelayMessage(" \n Caf\u{65}\u{301} is closed. \r\n").description == "Caf\u{E9} is closed.")
    }

    @Test(
        "The operator learns which rule a text breaks",
        arguments: [
            ("", RelayMessageError.empty), (" \n", .empty), (String(repeating: "a", count: 161), .tooLong),
            (String(repeating: "\u{4E00}", count: 107), .tooLong), ("one\ntwo", .unfit("\n")),
            ("one\u{1B}[2J", .unfit("\u{1B}")), ("one\u{202E}two", .unfit("\u{202E}")),
            ("one\u{200B}two", .unfit("\u{200B}")), ("say \"yes\"", .unfit("\"")), ("say ''yes''", .quotationMark),
            ("one  two", .spaces), ("\u{301}a", .marks), ("q\u{323}\u{323}", .marks),
            ("see http://relay.example", .link), ("see Www.relay.example", .link), ("ftp://", .link),
        ]
    )
    func faults(text: String, error: RelayMessageError) {
        #expect(throws: error) { try RelayMessage(text) }
        #expect(!error.description.isEmpty && !error.description.hasSuffix("."))
    }

    @Test("What only looks like a link is none", arguments: ["at 8:00 / 9:00", "a:/b", "www", "w.w.w.", "http: //"])
    func noLinks(text: String) throws {
        #expect(try RelayMessage(text).description == text)
    }
}
