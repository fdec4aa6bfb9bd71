import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import ServiceLifecycle
import TestSupport
import Testing

@testable import EasySetupRelay

/// A pairing as the relay sees it, over real sockets: two devices, and messages with arbitrary bodies.
@Suite("Pairings over sockets", .inTurn, .timeLimit(.minutes(60))) struct PairingTests {
    /// Two devices with a meeting at the relay.
    struct Pair {
        let offerer: any PairDevice
        let visitor: any PairDevice
        let slot: Slot
        let meeting: MeetingID
        let tokens: [Token]

        /// - Parameter visitorPort: the port at which the visitor connects; nil for the same.
        init(port: Int, visitorPort: Int? = nil, through transports: Transports = Transports()) async throws {
            offerer = try await transports.offerer.connect(port: port)
            try await offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, let offererToken, _) = await offerer.nextFrame() else { throw Unexpected() }
            visitor = try await transports.visitor.connect(port: visitorPort ?? port)
            try await visitor.send(.visit(slot: slot, work: nil))
            guard case .met(let meeting, let visitorToken, _) = await visitor.nextFrame() else { throw Unexpected() }
            guard await offerer.nextFrame() == .visitor(meeting: meeting) else { throw Unexpected() }
            self.slot = slot
            self.meeting = meeting
            tokens = [offererToken, visitorToken]
        }

        init(offerer: any PairDevice, visitor: any PairDevice, slot: Slot, meeting: MeetingID, tokens: [Token]) {
            self.offerer = offerer
            self.visitor = visitor
            self.slot = slot
            self.meeting = meeting
            self.tokens = tokens
        }

        /// The visitor hangs up and comes back on another connection, and the relay tells the offerer of both.
        func visitorComesBack(port: Int) async throws -> Pair {
            try await visitor.hangUp()
            #expect(await offerer.nextFrame() == .presence(meeting: meeting, isPresent: false))
            let back = try await TestDevice.connect(port: port)
            try await back.send(.attachVisitor(token: tokens[1], acked: 0, received: 0))
            guard case .attachedVisitor = await back.nextFrame() else { throw Unexpected() }
            #expect(await offerer.nextFrame() == .presence(meeting: meeting, isPresent: true))
            return Pair(offerer: offerer, visitor: back, slot: slot, meeting: meeting, tokens: tokens)
        }

        /// Exchanges a message in each direction. Then the offerer gives the seat, and both devices leave.
        func run(bodies: [[UInt8]]) async throws {
            let hello = Message(number: 1, ack: 0, body: bodies[0])
            try await visitor.send(.message(meeting: nil, hello))
            #expect(await offerer.nextFrame() == .message(meeting: meeting, hello))
            let reply = Message(number: 1, ack: 1, body: bodies[1])
            try await offerer.send(.message(meeting: meeting, reply))
            #expect(await visitor.nextFrame() == .message(meeting: nil, reply))
            try await offerer.send(.seat(meeting: meeting))
            let told: [(any PairDevice, MeetingID?)] = [(offerer, meeting), (visitor, nil)]
            for (device, named) in told {
                guard case .seated(let told, let expiresIn) = await device.nextFrame() else { throw Unexpected() }
                #expect(told == named)
                #expect(expiresIn > .zero)
            }
            try await visitor.send(.leave(.done))
            #expect(await offerer.nextFrame() == .over(meeting: meeting, .done))
            try await offerer.send(.leave(.done))
        }
    }

    struct Unexpected: Error {}

    enum Transport: CaseIterable {
        case webSocket
        case longPolling
        case longPollingThroughAnOldProxy

        func connect(port: Int) async throws -> any PairDevice {
            switch self {
            case .webSocket: try await TestDevice.connect(port: port)
            case .longPolling: try await LongPollDevice(port: port)
            case .longPollingThroughAnOldProxy: try await LongPollDevice(port: port, keepsOpen: false)
            }
        }
    }

    struct Transports {
        var offerer = Transport.webSocket
        var visitor = Transport.webSocket
    }

    @Test("Two devices meet, exchange messages, are seated and part", arguments: Transport.allCases, Transport.allCases)
    func twoDevicesMeet(_ offerer: Transport, _ visitor: Transport) async throws {
        try await withRelay { _, port in
            let transports = Transports(offerer: offerer, visitor: visitor)
            try await Pair(port: port, through: transports).run(bodies: [[1, 2, 3], [4]])
        }
    }

    @Test("A code that nobody offers is refused, and the connection closed") func unknownCode() async throws {
        try await withRelay { _, port in
            let visitor = try await TestDevice.connect(port: port)
            try await visitor.send(.visit(slot: try #require(Slot("ZZZZZZ")), work: nil))
            guard case .refused(.noSuchCode, _) = await visitor.nextFrame() else {
                Issue.record("not refused")
                return
            }
            #expect(await visitor.next() == .closing(1000))
            #expect(await visitor.next() == .gone)
        }
    }

    @Test("A code expires") func codeExpires() async throws {
        var configuration = RelayConfiguration()
        let clock = HandClock()
        configuration.clock = clock.clock
        try await withRelay(configuration) { _, port in
            let offerer = try await TestDevice.connect(port: port)
            try await offerer.send(.offer(slotLength: 0, work: nil))
            #expect(await offerer.nextFrame()?.isOffered == true)
            clock.pass(.seconds(600))
            #expect(await offerer.nextFrame() == .over(meeting: nil, .expired))
        }
    }

    @Test("A killed relay that is started again with its key takes a pairing back") func killedRelay()
        async throws
    {
        try await withFolder { folder in
            var configuration = RelayConfiguration()
            configuration.keyFile = PathBytes(folder + "/relay.key")
            let pair = try await withRelay(configuration) { _, port in try await Pair(port: port) }
            try await withRelay(configuration) { _, port in
                let offerer = try await TestDevice.connect(port: port)
                let held = MeetingResume(meeting: pair.meeting, acked: 0, received: 0, isSeated: false)
                try await offerer.send(.attachOfferer(token: pair.tokens[0], held: [held]))
                guard case .attachedOfferer(_, let meetings, false) = await offerer.nextFrame() else {
                    throw Unexpected()
                }
                #expect(meetings == [MeetingProgress(meeting: pair.meeting, have: 0)])
                let visitor = try await TestDevice.connect(port: port)
                try await visitor.send(.attachVisitor(token: pair.tokens[1], acked: 0, received: 0))
                guard case .attachedVisitor(_, have: 0) = await visitor.nextFrame() else { throw Unexpected() }
            }
        }
    }

    @Test("No log at any level has anything of a pairing", arguments: Transport.allCases)
    func logLevelAnything(_ transport: Transport) async throws {
        let log = LogKeeper()
        let bodies: [[UInt8]] = [Array("first body".utf8), Array("second body".utf8)]
        let pair = try await withRelay(logger: log.logger) { _, port in
            let pair = try await Pair(port: port, through: Transports(offerer: transport, visitor: transport))
            try await pair.run(bodies: bodies)
            return pair
        }
        #expect(log.lines.contains { $0.contains("listening") && $0.contains(RelayServer.version) })
        let secrets = pair.tokens.map(\.bytes) + [pair.meeting.bytes, Array(pair.slot.symbols.utf8)] + bodies
        for line in log.lines {
            #expect(!line.contains("127.0.0.1"))
            #expect(!line.contains(" \(pair.slot.symbols)"))
            for secret in secrets {
                #expect(!line.contains(secret.map { String(format: "%02x", $0) }.joined()))
                #expect(!line.contains(Data(secret).base64EncodedString()))
                #expect(!line.contains("\(secret)"))
            }
            #expect(!line.contains("body"))
        }
    }
}
