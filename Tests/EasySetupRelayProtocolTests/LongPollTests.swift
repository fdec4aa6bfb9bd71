import EasySetupRelayProtocol
import SeededRandom
import Testing

@Suite("Bodies of long polling") struct CallTests {
    static let connection = LongPollConnectionID([UInt8](0..<16))!

    @Test("Bodies come out as they went in") func roundTrips() throws {
        let send = SendCall(connection: Self.connection, first: 3, frames: [[1, 2], [], [3]], isClosing: true)
        #expect(try SendCall(parsing: send.serialized()) == send)
        let sent = SendAnswer(have: 7)
        #expect(try SendAnswer(parsing: sent.serialized()) == sent)
        let poll = PollCall(connection: Self.connection, received: 9, wait: .milliseconds(20_500))
        #expect(try PollCall(parsing: poll.serialized()) == poll)
        let polled = PollAnswer(first: 10, frames: [[4], [5, 6]], isClosed: true)
        #expect(try PollAnswer(parsing: polled.serialized()) == polled)
    }

    @Test("The bytes of bodies are canonical protocol buffers") func exactBytes() {
        let call = SendCall(connection: Self.connection, first: 1, frames: [[0x0A, 0]])
        #expect(call.serialized() == [0x0A, 16] + [UInt8](0..<16) + [0x10, 1, 0x1A, 2, 0x0A, 0])
        #expect(SendAnswer(have: 0).serialized() == [])
        let poll = PollCall(connection: Self.connection, received: 2, wait: .milliseconds(5))
        #expect(poll.serialized() == [0x0A, 16] + [UInt8](0..<16) + [0x10, 2, 0x18, 5])
        #expect(PollAnswer(first: 1, frames: []).serialized() == [0x08, 1])
    }

    @Test("A connection's name has sixteen bytes", arguments: [0, 1, 15, 17, 32]) func connectionLength(count: Int) {
        let field = [0x0A, UInt8(count)] + [UInt8](repeating: 1, count: count)
        #expect(throws: LongPollBodyError.malformed) { try SendCall(parsing: field + [0x10, 1]) }
        #expect(throws: LongPollBodyError.malformed) { try PollCall(parsing: field) }
    }

    @Test("Frames count from one") func numberZero() {
        let connection = [0x0A, 16] + [UInt8](0..<16)
        #expect(throws: LongPollBodyError.malformed) { try SendCall(parsing: connection) }
        #expect(throws: LongPollBodyError.malformed) { try PollAnswer(parsing: []) }
    }

    @Test("A body that is too long is not read") func tooLong() {
        let long = [UInt8](repeating: 0, count: WireLimits.callBytes + 1)
        #expect(throws: LongPollBodyError.tooLong) { try SendCall(parsing: long) }
        #expect(throws: LongPollBodyError.tooLong) { try PollCall(parsing: long) }
        #expect(throws: LongPollBodyError.tooLong) { try SendAnswer(parsing: long) }
        #expect(throws: LongPollBodyError.tooLong) { try PollAnswer(parsing: long) }
    }

    @Test("Random and mutated bytes give a value or an error", arguments: 0..<4 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let samples = [
            SendCall(connection: Self.connection, first: 1, frames: [[1], [2, 3]]).serialized(),
            PollCall(connection: Self.connection, received: 1, wait: .seconds(20)).serialized(),
            PollAnswer(first: 2, frames: [[1], [2, 3]], isClosed: true).serialized(),
        ]
        var parsed = 0
        for _ in 0..<5_000 {
            var bytes = samples.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            if (try? SendCall(parsing: bytes)) != nil { parsed += 1 }
            if (try? PollCall(parsing: bytes)) != nil { parsed += 1 }
            if (try? SendAnswer(parsing: bytes)) != nil { parsed += 1 }
            if (try? PollAnswer(parsing: bytes)) != nil { parsed += 1 }
        }
        #expect(parsed > 0)
    }

    @Test("A connection's bytes are in no text") func secrecy() {
        #expect("\(Self.connection)" == "CallConnection")
        #expect(Mirror(reflecting: Self.connection).children.isEmpty)
    }
}
