import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// Long-polling devices in meetings and at the relay's limits, with connections in memory and a manual clock.
@Suite("Long polling in a meeting") struct LongPollMeetingTests {
    /// A relay with a meeting of two devices: an offerer by WebSocket, and a visitor by long polling.
    struct Met {
        let relay: MemoryRelay
        let offerer: MemoryPeer
        let visitor: MemoryPeer
        let name = LongPollConnectionID.named(2)
        let meeting: MeetingID
        let token: Token

        init() throws {
            relay = try MemoryRelay()
            offerer = try relay.connectDevice()
            try offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, _, _) = try offerer.receivedFrames().first?.relayFrame else {
                throw Unexpected()
            }
            visitor = try relay.connect()
            guard try visitor.send([.visit(slot: slot, work: nil)], first: 1, of: name)?.sendAnswer?.have == 1,
                case .met(let meeting, let token, _) = try visitor.poll(0, of: name)?.pollAnswer?.relayFrames.first
            else { throw Unexpected() }
            guard try offerer.receivedFrames().first?.relayFrame == .visitor(meeting: meeting) else {
                throw Unexpected()
            }
            self.meeting = meeting
            self.token = token
        }

        func told() throws -> [RelayFrame] { try offerer.receivedFrames().compactMap(\.relayFrame) }
    }

    struct Unexpected: Error {}

    static func message(_ number: UInt32) -> DeviceFrame {
        .message(meeting: nil, Message(number: number, ack: 0, body: [UInt8(number)]))
    }

    @Test("A send that a proxy repeats is passed on once") func sendRepeatedByProxy() throws {
        let met = try Met()
        for _ in 0..<3 {
            #expect(try met.visitor.send([Self.message(1)], first: 2, of: met.name)?.sendAnswer?.have == 2)
        }
        // A proxy repeats the request on another connection, and the device has added a frame.
        let other = try met.relay.connect()
        let frames = [Self.message(1), Self.message(2)]
        #expect(try other.send(frames, first: 2, of: met.name)?.sendAnswer?.have == 3)
        #expect(try met.visitor.send(frames, first: 2, of: met.name)?.sendAnswer?.have == 3)
        let bodies = try met.told().map { frame -> [UInt8] in
            guard case .message(_, let message) = frame else { throw Unexpected() }
            return message.body
        }
        #expect(bodies == [[1], [2]])
    }

    @Test("An impossible number is a gap, and nothing is taken") func impossibleNumberGap() throws {
        let met = try Met()
        let send = try #require(try met.visitor.send([Self.message(1)], first: 3, of: met.name))
        #expect(send.status == 409)
        #expect(send.problem == "gap")
        #expect(try met.told().isEmpty)
        let poll = try #require(try met.visitor.poll(2, of: met.name))
        #expect(poll.status == 409)
        #expect(poll.problem == "gap")
        #expect(try met.visitor.send([Self.message(1)], first: 2, of: met.name)?.sendAnswer?.have == 2)
        #expect(try met.told().count == 1)
    }

    @Test("A poll waits for the peer's message, and gets it again until the device acknowledges it")
    func pollWaitsPeer() throws {
        let met = try Met()
        #expect(try met.visitor.poll(1, of: met.name, wait: .seconds(20)) == nil)
        let message = Message(number: 1, ack: 0, body: [9])
        try met.offerer.send(.message(meeting: met.meeting, message))
        let answers = try met.visitor.receivedAnswers()
        #expect(answers.map { $0.pollAnswer?.relayFrames } == [[.message(meeting: nil, message)]])
        // The network has lost the answer, so the device polls again.
        let other = try met.relay.connect()
        let again = try #require(try other.poll(1, of: met.name, wait: .seconds(20))?.pollAnswer)
        #expect(again.first == 2)
        #expect(again.relayFrames == [.message(meeting: nil, message)])
        #expect(try other.poll(2, of: met.name)?.pollAnswer?.frames == [])
    }

    @Test("Of two polls at once the later one waits") func twoPollsOnce() throws {
        let met = try Met()
        let other = try met.relay.connect()
        #expect(try met.visitor.poll(1, of: met.name, wait: .seconds(20)) == nil)
        #expect(try other.poll(1, of: met.name, wait: .seconds(20)) == nil)
        #expect(try met.visitor.receivedAnswers().map { $0.pollAnswer?.frames } == [[]])
        try met.offerer.send(.ack(meeting: met.meeting, upTo: 0))
        try met.offerer.send(.message(meeting: met.meeting, Message(number: 1, ack: 0, body: [9])))
        #expect(try met.visitor.receivedAnswers().isEmpty)
        #expect(try other.receivedAnswers().count == 1)
    }

    @Test("A poll whose connection breaks loses nothing") func pollWhoseConnection() throws {
        let met = try Met()
        #expect(try met.visitor.poll(1, of: met.name, wait: .seconds(20)) == nil)
        try met.visitor.channel.close().wait()
        met.relay.loop.run()
        try met.offerer.send(.message(meeting: met.meeting, Message(number: 1, ack: 0, body: [9])))
        let other = try met.relay.connect()
        #expect(try other.poll(1, of: met.name)?.pollAnswer?.frames.count == 1)
        #expect(try met.told().isEmpty)
    }

    @Test("A device that closes is gone at once, and is told so as often as it asks") func deviceClosesGone() throws {
        let met = try Met()
        for _ in 0..<2 {
            #expect(try met.visitor.send([], first: 2, of: met.name, isClosing: true)?.sendAnswer?.have == 1)
            #expect(try met.visitor.poll(1, of: met.name)?.pollAnswer?.isClosed == true)
        }
        #expect(try met.told() == [.presence(meeting: met.meeting, isPresent: false)])
        // The session has ended, and no request may open it again.
        #expect(try met.visitor.send([.offer(slotLength: 0, work: nil)], first: 1, of: met.name)?.sendAnswer?.have == 1)
        #expect(try met.visitor.send([Self.message(1)], first: 2, of: met.name)?.sendAnswer?.have == 2)
        #expect(try met.told().isEmpty)
    }

    @Test("A device that leaves is done, and its last frames are taken") func deviceLeavesDone() throws {
        let met = try Met()
        let frames = [Self.message(1), .leave(.done), Self.message(2)]
        #expect(try met.visitor.send(frames, first: 2, of: met.name, isClosing: true)?.sendAnswer?.have == 4)
        let told = try met.told()
        #expect(told.count == 2)
        #expect(told.last == .over(meeting: met.meeting, .done))
        #expect(try met.visitor.poll(1, of: met.name)?.pollAnswer?.isClosed == true)
    }

    @Test("A device without polls is lost, and comes back by another connection") func deviceWithoutPolls() throws {
        let met = try Met()
        met.relay.loop.advanceTime(by: .seconds(29))
        try met.offerer.send(WebSocketBytes.frame(.ping, []))
        #expect(try met.told().isEmpty)
        met.relay.loop.advanceTime(by: .seconds(2))
        #expect(try met.told() == [.presence(meeting: met.meeting, isPresent: false)])
        #expect(met.relay.outcomes[.absent] == 1)
        #expect(try met.visitor.poll(1, of: met.name)?.problem == "unknown-connection")
        #expect(try met.visitor.send([Self.message(1)], first: 2, of: met.name)?.problem == "unknown-connection")
        let attach = DeviceFrame.attachVisitor(token: met.token, acked: 0, received: 0)
        #expect(try met.visitor.send([attach], first: 1, of: .named(3))?.sendAnswer?.have == 1)
        guard case .attachedVisitor(_, have: 0) = try met.visitor.poll(0, of: .named(3))?.pollAnswer?.relayFrames.first
        else { throw Unexpected() }
        #expect(try met.told() == [.presence(meeting: met.meeting, isPresent: true)])
    }

    @Test("A device that polls is not lost, however few frames there are") func devicePollsLost() throws {
        let met = try Met()
        for _ in 0..<8 {
            #expect(try met.visitor.poll(1, of: met.name, wait: .seconds(100)) == nil)
            met.relay.loop.advanceTime(by: .seconds(25))
            #expect(try met.visitor.receivedAnswers().map { $0.pollAnswer?.frames } == [[]])
            try met.offerer.send(WebSocketBytes.frame(.ping, []))
        }
        #expect(try met.told().isEmpty)
    }

    @Test("An invalid frame ends the connection, and the relay says so by a frame") func invalidFrameEnds() throws {
        let met = try Met()
        let call = SendCall(connection: met.name, first: 2, frames: [[0xFF], Self.message(1).serialized()])
        #expect(try met.visitor.answer(to: Requests.call(call))?.sendAnswer?.have == 3)
        let answer = try #require(try met.visitor.poll(1, of: met.name)?.pollAnswer)
        #expect(answer.relayFrames == [.refused(.badFrame, retryAfter: .zero)])
        #expect(answer.isClosed)
        #expect(try met.told() == [.presence(meeting: met.meeting, isPresent: false)])
        #expect(met.relay.outcomes[.badFrame] == 1)
    }

    @Test("A visit to no code is refused by a frame, and the connection closed") func visitWithoutCode() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let slot = try #require(Slot("ZZZZZZ"))
        #expect(try peer.send([.visit(slot: slot, work: nil)], first: 1, of: .named(1))?.sendAnswer?.have == 1)
        let answer = try #require(try peer.poll(0, of: .named(1), wait: .seconds(20))?.pollAnswer)
        guard case .refused(.noSuchCode, _) = answer.relayFrames.first else { throw Unexpected() }
        #expect(answer.isClosed)
    }

    // MARK: How many calls

    /// A long-polling device that polls again after each answer, and counts its requests.
    struct CountingDevice {
        let name: LongPollConnectionID
        private let sends: MemoryPeer
        private let polls: MemoryPeer
        private var sent: UInt32 = 0
        private var received: UInt32 = 0
        private(set) var calls = 0
        private(set) var isClosed = false

        init(_ name: LongPollConnectionID, at relay: MemoryRelay) throws {
            self.name = name
            (sends, polls) = (try relay.connect(), try relay.connect())
        }

        mutating func send(_ frames: DeviceFrame..., isClosing: Bool = false) throws {
            calls += 1
            let answer = try sends.send(frames, first: sent + 1, of: name, isClosing: isClosing)
            sent += UInt32(frames.count)
            guard answer?.sendAnswer?.have == sent else { throw Unexpected() }
        }

        mutating func poll() throws {
            calls += 1
            try polls.send(Requests.call(PollCall(connection: name, received: received, wait: .seconds(20))))
        }

        /// The frames of all answers since the last call. The device polls again after each answer.
        mutating func heard() throws -> [RelayFrame] {
            var frames: [RelayFrame] = []
            while let answer = try polls.receivedAnswers().first?.pollAnswer {
                frames += answer.relayFrames
                received += UInt32(answer.frames.count)
                isClosed = answer.isClosed
                if !isClosed { try poll() }
            }
            return frames
        }
    }

    @Test("An offerer that polls makes eleven calls for a pairing") func offererPollsMakes() throws {
        let relay = try MemoryRelay()
        var offerer = try CountingDevice(.named(1), at: relay)
        try offerer.send(.offer(slotLength: 0, work: nil))
        try offerer.poll()
        guard case .offered(let slot, _, _) = try offerer.heard().first else { throw Unexpected() }
        let visitor = try relay.connectDevice()
        func say(_ number: UInt32, ack: UInt32) throws {
            try visitor.send(.message(meeting: nil, Message(number: number, ack: ack, body: [UInt8(number)])))
        }
        func isMessage(_ number: UInt32, _ frames: [RelayFrame]) -> Bool {
            guard frames.count == 1, case .message(_, let message) = frames[0] else { return false }
            return message.number == number
        }
        try visitor.send(.visit(slot: slot, work: nil))
        let announced = try offerer.heard()
        guard case .visitor(let meeting) = announced.first else { throw Unexpected() }
        try say(1, ack: 0)
        let hello = try offerer.heard()
        #expect(isMessage(1, hello))
        try offerer.send(.message(meeting: meeting, Message(number: 1, ack: 1, body: [1])))
        try say(2, ack: 1)
        let proof = try offerer.heard()
        #expect(isMessage(2, proof))
        try offerer.send(
            .seat(meeting: meeting),
            .message(meeting: meeting, Message(number: 2, ack: 2, body: [2])),
            .message(meeting: meeting, Message(number: 3, ack: 2, body: [3]))
        )
        guard case .seated(meeting, _) = try offerer.heard().first else { throw Unexpected() }
        try say(3, ack: 3)
        let last = try offerer.heard()
        #expect(isMessage(3, last))
        try offerer.send(.ack(meeting: meeting, upTo: 3), .leave(.done), isClosing: true)
        _ = try offerer.heard()
        #expect(offerer.isClosed)
        #expect(offerer.calls == 11)
    }

    // MARK: The end of the relay

    @Test("A device that is sent to another relay is told so by the poll that waits") func sentToAnotherRelay() throws {
        let relay = try MemoryRelay()
        let offerer = try relay.connect()
        #expect(try offerer.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(1))?.status == 200)
        #expect(try offerer.poll(1, of: .named(1), wait: .seconds(20)) == nil)
        relay.worker.drain()
        relay.loop.run()
        let answer = try #require(try offerer.receivedAnswers().first?.pollAnswer)
        #expect(answer.relayFrames == [.goodbye(retryAfter: .seconds(2))])
        #expect(answer.isClosed)
    }

    @Test("A relay that drains lets a meeting go on, and refuses new offers and visits by frames")
    func drainLetsPairingsGoOn() throws {
        let met = try Met()
        met.relay.worker.drain()
        met.relay.loop.run()
        #expect(try met.visitor.send([Self.message(1)], first: 2, of: met.name)?.sendAnswer?.have == 2)
        #expect(try met.told().count == 1)
        #expect(try met.visitor.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(9))?.status == 200)
        let answer = try met.visitor.poll(0, of: .named(9))?.pollAnswer
        #expect(answer?.relayFrames == [.refused(.draining, retryAfter: .seconds(2))])
        #expect(answer?.isClosed == true)
    }

    @Test("Stopping answers the polls that wait, and closes the connections") func stoppingAnswersPolls() throws {
        let met = try Met()
        var hasEnded = false
        met.relay.ended.assumeIsolated().whenSuccess { hasEnded = true }
        #expect(try met.visitor.poll(1, of: met.name, wait: .seconds(20)) == nil)
        met.relay.worker.stop()
        met.relay.loop.run()
        let answer = try #require(try met.visitor.receivedAnswers().first?.pollAnswer)
        #expect(answer.relayFrames == [.goodbye(retryAfter: .seconds(2))])
        #expect(answer.isClosed)
        #expect(!met.visitor.isOpen)
        #expect(hasEnded)
    }

    @Test(
        "A relay that has drained waits for a device to fetch its last frames, but not for long",
        arguments: [false, true]
    )
    func relayDrainedWaits(_ asks: Bool)
        throws
    {
        let met = try Met()
        var hasEnded = false
        met.relay.ended.assumeIsolated().whenSuccess { hasEnded = true }
        met.relay.worker.drain()
        // The last meeting ends at a moment at which the visitor does not poll.
        try met.offerer.send(.leave(.cancelled))
        try? met.offerer.send(WebSocketBytes.frame(.connectionClose, [0x03, 0xE8]))
        met.relay.loop.run()
        #expect(!hasEnded)
        if asks {
            // The device uses a new connection, as through a proxy that opens one for each request.
            let other = try met.relay.connect()
            let refused = try #require(try other.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(9)))
            #expect(refused.status == 503)
            #expect(refused.problem == "draining")
            #expect(refused["retry-after"] == "3")
            let answer = try #require(try other.poll(1, of: met.name, wait: .seconds(20))?.pollAnswer)
            #expect(answer.relayFrames.last == .over(meeting: nil, .cancelled))
            #expect(answer.isClosed)
        } else {
            met.relay.loop.advanceTime(by: .milliseconds(2900))
            #expect(!hasEnded)
            met.relay.loop.advanceTime(by: .milliseconds(200))
        }
        #expect(hasEnded)
    }
}
