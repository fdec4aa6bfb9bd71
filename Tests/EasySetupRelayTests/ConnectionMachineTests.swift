import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// Transcripts of the ``ConnectionMachine``, one line per event.
@Suite("The machine of a connection") struct ConnectionMachineTests {
    /// Runs a machine, and keeps the memory for its frames.
    private struct Run: ~Copyable {
        var machine = ConnectionMachine()
        private var payload: [UInt8] = []

        init(upgraded: Bool = true) {
            if upgraded { _ = hear(Array(Requests.upgrade().utf8)) }
        }

        mutating func hear(_ bytes: [UInt8]) -> [ConnectionMachine.Event] {
            var (events, unread): ([ConnectionMachine.Event], ByteBuffer) = ([], ByteBuffer(bytes: bytes))
            while let event = machine.next(in: &unread, controlFrames: 3, payload: &payload) { events.append(event) }
            #expect(unread.readableBytes == 0)
            return events
        }

        mutating func hear(_ opcode: WebSocketOpcode, _ payload: [UInt8] = []) -> [ConnectionMachine.Event] {
            hear(WebSocketBytes.frame(opcode, payload))
        }
    }

    private static let offer = DeviceFrame.offer(slotLength: 0, work: nil)
    private static let offered = offer.serialized()

    private func isUpgraded(_ events: [ConnectionMachine.Event]) -> Bool {
        guard case .upgraded? = events.first else { return false }
        return events.count == 1
    }

    @Test("A request comes in pieces, then frames in pieces; the bytes of a piece are kept for the next")
    func requestComesPieces() {
        var run = Run(upgraded: false)
        let request = Array(Requests.upgrade().utf8)
        let early = run.hear(Array(request.prefix(20)))
        #expect(early.isEmpty)
        let frame = WebSocketBytes.frame(.binary, Self.offered)
        let whole = run.hear(Array(request.dropFirst(20)) + frame.prefix(3))
        #expect(isUpgraded(whole))
        let rest = run.hear(Array(frame.dropFirst(3)) + frame)
        #expect(rest == Array(repeating: .received(Self.offer, bytes: Self.offered.count), count: 2))
    }

    @Test("Another request is left to the HTTP handlers, and so are all bytes after it") func requestLeftHTTP() {
        var run = Run(upgraded: false)
        let bytes = Array("GET /health/live HTTP/1.1\r\n\r\n".utf8)
        let events = run.hear(bytes)
        #expect(events == [.isForHTTP(ByteBuffer(bytes: bytes))])
        let (carries, isWebSocket) = (run.machine.carriesRequests, run.machine.isWebSocket)
        #expect(carries && !isWebSocket)
        run.machine.upgradedBehindHTTP()
        let behind = run.hear(.binary, Self.offered)
        #expect(behind == [.received(Self.offer, bytes: Self.offered.count)])
    }

    /// Frames that a device must not send, with the close code that each of them causes.
    static let violations: [(WebSocketOpcode, [UInt8], WebSocketErrorCode)] = [
        (.text, [65], .unacceptableData), (.continuation, [], .policyViolation), (.binary, [0xFF], .policyViolation),
    ]

    @Test("A violation is reported once, nothing more is read, and the close frame has its code", arguments: violations)
    func violationReportedOnce(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        _ code: WebSocketErrorCode
    ) {
        var run = Run()
        let events = run.hear(opcode, payload)
        #expect(events == [.violated])
        let after = run.hear(.binary, Self.offered)
        #expect(after.isEmpty)
        let isSent = run.machine.prepareToSend(.refused(.badFrame, retryAfter: .zero))
        #expect(isSent)
        let close = run.machine.close()
        #expect(close == payloadOf(code))
    }

    @Test("Bytes that are no WebSocket frame break the rules") func bytesWebsocketFrame() {
        var run = Run()
        let events = run.hear(WebSocketBytes.frame(.binary, Self.offered, isMasked: false))
        #expect(events == [.violated])
        let close = run.machine.close()
        #expect(close == payloadOf(.protocolError))
    }

    @Test("Only the last ping of a batch is answered, once") func lastPingBatch() {
        var run = Run()
        _ = run.hear(.ping, [1])
        _ = run.hear(.ping, [2])
        let pongs = [run.machine.readCompleted(), run.machine.readCompleted()]
        #expect(pongs == [[2], nil])
    }

    @Test("Control frames are counted in an interval, and a tick begins another") func controlFramesCounted() {
        var run = Run()
        for _ in 0..<3 {
            let events = run.hear(.pong)
            #expect(events.isEmpty)
        }
        _ = run.machine.tick(silentIntervals: 1)
        for _ in 0..<3 {
            let events = run.hear(.pong)
            #expect(events.isEmpty)
        }
        let fourth = run.hear(.ping)
        #expect(fourth == [.violated])
    }

    @Test("A device that says nothing for too many intervals is silent") func deviceSaysNothing() {
        var run = Run()
        var ticks: [ConnectionMachine.OnTick] = []
        for _ in 0..<3 { ticks.append(run.machine.tick(silentIntervals: 1)) }
        #expect(ticks == [.ping, .ping, .silent])
        var heard = Run()
        for _ in 0..<5 {
            let tick = heard.machine.tick(silentIntervals: 1)
            #expect(tick == .ping)
            _ = heard.hear(.pong)
        }
    }

    @Test("The peer's close frame is answered, and ends the connection") func peerCloseFrame() {
        var run = Run()
        let events = run.hear(WebSocketBytes.frame(.connectionClose, []) + WebSocketBytes.frame(.ping, []))
        #expect(events == [.peerCloses(answer: payloadOf(.normalClosure))])
        let close = run.machine.close()
        #expect(close == nil)
        let isSent = run.machine.prepareToSend(.goodbye(retryAfter: .zero))
        #expect(!isSent)
    }

    /// Payloads of a peer's close frame, and the close code that the relay answers.
    static let closings: [([UInt8], WebSocketErrorCode)] = [
        ([], .normalClosure), ([0x03, 0xE8], .normalClosure), ([0x03, 0xE9, 0xC3, 0xA4], .normalClosure),
        ([0x03, 0xEF], .normalClosure), ([0x03, 0xF6], .normalClosure), ([0x0B, 0xB8], .normalClosure),
        ([0x13, 0x87], .normalClosure), ([0x03], .protocolError), ([0, 0], .protocolError),
        ([0x03, 0xE7], .protocolError),
        ([0x03, 0xEC], .protocolError), ([0x03, 0xED], .protocolError), ([0x03, 0xEE], .protocolError),
        ([0x03, 0xF7], .protocolError), ([0x0B, 0xB7], .protocolError), ([0x13, 0x88], .protocolError),
        ([0xFF, 0xFF], .protocolError), ([0x03, 0xE8, 0xC3], .dataInconsistentWithMessage),
        ([0x03, 0xE8, 0xED, 0xA0, 0x80], .dataInconsistentWithMessage),
    ]

    @Test("An invalid close frame of the peer's is answered", arguments: closings)
    func invalidCloseFrame(_ payload: [UInt8], _ code: WebSocketErrorCode) {
        var run = Run()
        let events = run.hear(.connectionClose, payload)
        #expect(events == [.peerCloses(answer: payloadOf(code))])
    }

    @Test(
        "After the relay's close frame nothing is sent, and the peer's close frame or too many others end the connection"
    ) func relayCloseFrame() {
        var run = Run()
        let close = run.machine.close(.goingAway)
        #expect(close == payloadOf(.goingAway))
        let isSent = run.machine.prepareToSend(.goodbye(retryAfter: .zero))
        let tick = run.machine.tick(silentIntervals: 1)
        #expect(!isSent && tick == .none)
        for _ in 0..<3 {
            let events = run.hear(.binary, Self.offered)
            #expect(events.isEmpty)
        }
        let fourth = run.hear(.binary, Self.offered)
        #expect(fourth == [.hangUp])
        var other = Run()
        _ = other.machine.close()
        let closes = other.hear(.connectionClose)
        #expect(closes == [.hangUp])
    }

    /// Frames with a reason, and the code of the close frame that follows each of them.
    static let reasons: [(RelayFrame, WebSocketErrorCode)] = [
        (.goodbye(retryAfter: .zero), .goingAway),
        (.refused(.relayFull, retryAfter: .zero), .tryAgainLater),
        (.refused(.tooMany, retryAfter: .zero), .tryAgainLater),
        (.refused(.badFrame, retryAfter: .zero), .policyViolation),
        (.refused(.noSuchCode, retryAfter: .zero), .normalClosure),
    ]

    @Test("The close frame's code fits the last frame", arguments: reasons)
    func closeFrameCode(_ frame: RelayFrame, _ code: WebSocketErrorCode) {
        var run = Run()
        let isSent = run.machine.prepareToSend(frame)
        #expect(isSent)
        let close = run.machine.close()
        #expect(close == payloadOf(code))
    }

    @Test("A connection ends once, and handles nothing after that") func endsOnce() {
        var run = Run()
        let ends = [run.machine.end(), run.machine.end()]
        #expect(ends == [true, false])
        let events = run.hear(.binary, Self.offered)
        #expect(events.isEmpty)
    }

    private func payloadOf(_ code: WebSocketErrorCode) -> [UInt8] {
        let number = UInt16(webSocketErrorCode: code)
        return [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
}
