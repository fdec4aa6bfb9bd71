import Testing

@testable import RelayWire

/// The WebSocket subprotocol, with a frame behind it and without (`Protocol/relay.md`, "Early frames").
@Suite struct SubprotocolTests {
    static func read(_ text: String) -> Subprotocol? {
        Subprotocol(Array(text.utf8).span)
    }

    @Test func `A first frame is written as it is said, and read again`() throws {
        let offer = try #require(Subprotocol(early: .offer(slotLength: 0, work: nil)))
        #expect(offer.text == "easysetup.v1.0a00")
        let visit = try #require(Subprotocol(early: .visit(slot: Slot("K7Q")!, work: nil)))
        #expect(visit.text == "easysetup.v1.12050a034b3751")
        #expect(Self.read(offer.text) == offer)
        #expect(Self.read(visit.text) == visit)
        #expect(visit.earlyFrame == DeviceFrame.visit(slot: Slot("K7Q")!, work: nil).serialized())
    }

    @Test func `By itself it is its name`() {
        #expect(Subprotocol.plain.text == "easysetup.v1")
        #expect(Self.read("easysetup.v1") == .plain)
        #expect(Subprotocol.plain.earlyFrame == nil)
    }

    @Test func `Every byte, and every length up to the limit, has one text`() throws {
        for byte in UInt8.min...UInt8.max {
            let text = "easysetup.v1." + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            #expect(Self.read(text)?.earlyFrame == [byte])
            #expect(Self.read(text)?.text == text)
        }
        for count in 0...66 {
            let read = Self.read("easysetup.v1." + String(repeating: "5a", count: count))
            #expect(read?.earlyFrame == ((1...64).contains(count) ? [UInt8](repeating: 0x5A, count: count) : nil))
            #expect((read == nil) == !(1...64).contains(count))
        }
    }

    @Test func `A frame with a token or work in it stays out of a request`() {
        let short = Token(bytes: [1])
        #expect(Subprotocol(early: .attachVisitor(token: short, acked: 0, received: 0, attempt: 1)) == nil)
        let token = Token(bytes: [UInt8](repeating: 1, count: 85))
        #expect(Subprotocol(early: .attachVisitor(token: token, acked: 0, received: 0, attempt: 1)) == nil)
        #expect(Subprotocol(early: .attachOfferer(token: token, held: [], attempt: 1)) == nil)
        let work = Work(challenge: [UInt8](repeating: 1, count: 64), answer: [UInt8](repeating: 1, count: 8))
        #expect(Subprotocol(early: .offer(slotLength: 6, work: work)) == nil)
    }

    @Test(arguments: [
        "", "easysetup.v", "easysetup.v2", "Easysetup.v1", "easysetup.v11", "easysetup.v1.", "easysetup.v1.0",
        "easysetup.v1.0A",
        "easysetup.v1.0g", "easysetup.v1.:0", "easysetup.v1./0", "easysetup.v1.`0", "easysetup.v1-0a", "easysetup.v1 ",
        " easysetup.v1",
        "easysetup.v1.0a ", "easysetup.v1.0a.0a",
    ])
    func `What is written otherwise is another`(_ text: String) {
        #expect(Self.read(text) == nil)
    }
}
