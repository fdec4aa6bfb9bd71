import EasySetupRelayProtocol
import Testing

@testable import bench

@Suite("The body of a long-polling call") struct LongPollBodyTests {
    private static let name = [UInt8](1...16)
    private static let frames: [[UInt8]] = [[1, 2], [UInt8](repeating: 3, count: 200)]

    @Test("The body of a send is what the relay reads") func send() throws {
        let body = LongPollBody.send(Self.name, first: 300, frames: Self.frames.flatMap(LongPollBody.field))
        let call = try SendCall(parsing: body)
        #expect(call.connection.bytes == Self.name)
        #expect(call.first == 300)
        #expect(call.frames == Self.frames)
        #expect(!call.isClosing)
    }

    @Test("The body of a poll is what the relay reads") func poll() throws {
        let call = try PollCall(parsing: LongPollBody.poll(Self.name, received: 7, milliseconds: 20_000))
        #expect(call.connection.bytes == Self.name)
        #expect(call.received == 7)
        #expect(call.wait == .seconds(20))
    }

    @Test("The body of a poll's answer is read as the relay writes it", arguments: [false, true])
    func polled(isClosed: Bool) throws {
        let body = PollAnswer(first: 1, frames: Self.frames, isClosed: isClosed).serialized()
        let polled = try #require(body.withUnsafeBytes { LongPollBody.Polled($0) })
        #expect(polled.frames.map { Array(body[$0]) } == Self.frames)
        #expect(polled.isClosed == isClosed)
    }

    @Test(
        "A body that is cut short, or is no answer to a poll, is refused",
        arguments: [[0x12, 5, 1], [0x08], [0x22, 0]]
    )
    func malformed(body: [UInt8]) {
        #expect(body.withUnsafeBytes { LongPollBody.Polled($0) } == nil)
    }
}
