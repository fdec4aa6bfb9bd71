import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The protocol of one connection: the first request, then WebSocket frames, pings and closing (`Protocol/relay.md`,
/// "Transport"). It takes bytes and ticks and gives events; it does no I/O and has no clock. The ``Rendezvous`` decides
/// what a device's frame means.
struct ConnectionMachine: ~Copyable {
    private enum State: Equatable {
        /// The first request is being received. Next: `requests`, `device`, `closed`.
        case opening
        /// The HTTP handlers read the connection. Next: `device`, `closed`.
        case requests
        /// The connection is a WebSocket. Next: `violated`, `closing`, `closed`.
        case device
        /// The device broke the protocol. The relay reads no more from it, but still sends the refusal. Next:
        /// `closing`, `closed`.
        case violated
        /// The relay has sent its close frame and waits only for the peer's. Next: `closed`.
        case closing
        /// The relay reads and writes nothing any more. Final.
        case closed
    }

    enum Event: Equatable {
        /// A plain upgrade request is complete: the connection is now a WebSocket.
        case upgraded(UpgradeRequest)
        /// Another kind of request has arrived: these bytes and all later ones are for the HTTP handlers.
        case isForHTTP(ByteBuffer)
        case received(DeviceFrame, bytes: Int)
        /// The device broke the protocol; ``closeCode`` tells how.
        case violated
        /// The peer has sent a close frame. The relay answers with a close frame that has this payload, and ends the
        /// connection.
        case peerCloses(answer: [UInt8])
        /// The caller must cut the connection: both sides have sent close frames, or the peer sends too much before its
        /// own.
        case hangUp
    }

    private var state = State.opening
    /// The bytes of an incomplete request or frame; nil when there are none.
    private var rest: ByteBuffer?
    /// The last ping of this batch of reads. Only the latest ping needs an answer (RFC 6455, 5.5.3), and one answer per
    /// batch bounds the cost of a flood.
    private var unansweredPing: [UInt8]?
    private var controlFrames: Int32 = 0
    private var silentIntervals: Int32 = 0
    private var wasHeard = true
    private var closeCode = WebSocketErrorCode.normalClosure

    // MARK: What it is

    /// Whether the first request is still expected.
    var isOpening: Bool { state == .opening }
    /// Whether the HTTP handlers read the connection.
    var carriesRequests: Bool { state == .requests }
    /// Whether the relay may send frames to the device.
    var takesFrames: Bool { state == .device || state == .violated }
    var isClosing: Bool { state == .closing }
    var isClosed: Bool { state == .closed }
    /// Whether the connection is a WebSocket or was one.
    var isWebSocket: Bool { state != .opening && state != .requests }

    // MARK: In

    /// Takes bytes from the front of `bytes` until they give an event; nil when all of them together give none. The
    /// caller calls it again while bytes are left. The machine keeps the bytes of an incomplete request or frame.
    /// `controlFrames` is the most control frames in a ping interval. `payload` is scratch memory.
    mutating func next(in bytes: inout ByteBuffer, controlFrames most: Int, payload: inout [UInt8]) -> Event? {
        if var all = rest.take() {
            all.writeImmutableBuffer(bytes)
            bytes = all
        }
        if state == .opening, let event = readRequest(&bytes) { return event }
        while state == .device || state == .closing, bytes.readableBytes > 0 {
            let parsed = WebSocketFraming.frame(
                in: bytes.readableBytesUInt8Span,
                limit: WireLimits.frameBytes,
                payload: &payload
            )
            switch parsed {
            case .incomplete:
                keep(&bytes)
            case .broken(let code):
                // The start of the next frame is unknown, so nothing more is read.
                bytes.moveReaderIndex(to: bytes.writerIndex)
                if let event = violate(code) { return event }
            case .frame(let frame):
                bytes.moveReaderIndex(forwardBy: frame.byteCount)
                wasHeard = true
                if let event = received(frame, payload, most) { return event }
            }
        }
        // After a violation or the end, no byte has a meaning.
        bytes.moveReaderIndex(to: bytes.writerIndex)
        return nil
    }

    /// Copies the bytes of an incomplete request or frame to memory of just their size, because the receive buffer is
    /// much larger.
    private mutating func keep(_ bytes: inout ByteBuffer) {
        rest = ByteBuffer(bytes: bytes.readableBytesView)
        bytes.moveReaderIndex(to: bytes.writerIndex)
    }

    private mutating func readRequest(_ bytes: inout ByteBuffer) -> Event? {
        switch UpgradeRequest.recognise(bytes.readableBytesUInt8Span) {
        case .incomplete:
            keep(&bytes)
            return nil
        case .other:
            state = .requests
            defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
            return .isForHTTP(bytes)
        case .request(let request):
            bytes.moveReaderIndex(forwardBy: request.byteCount)
            state = .device
            return .upgraded(request)
        }
    }

    private mutating func received(_ frame: WebSocketFraming.Frame, _ payload: [UInt8], _ most: Int) -> Event? {
        guard state == .device else {
            // After the relay's close frame, every frame counts against this limit, because a device has little left to
            // send.
            controlFrames += 1
            return frame.opcode == .connectionClose || controlFrames > most ? hangUp() : nil
        }
        switch frame.opcode {
        case .binary where frame.isFinal:
            guard let message = try? DeviceFrame(parsing: payload.span.extracting(first: frame.payloadCount)) else {
                return violate(.policyViolation)
            }
            return .received(message, bytes: frame.payloadCount)
        case .binary, .continuation:
            // A message in several frames breaks the protocol, because reassembly would let a peer make the relay store
            // data.
            return violate(.policyViolation)
        case .text:
            return violate(.unacceptableData)
        case .ping:
            unansweredPing = Array(payload.prefix(frame.payloadCount))
            return countControlFrame(most)
        case .pong:
            return countControlFrame(most)
        case .connectionClose:
            state = .closed
            let answer = WebSocketErrorCode(answeringClose: payload.prefix(frame.payloadCount))
            return .peerCloses(answer: answer.payload)
        default:
            return violate(.protocolError)
        }
    }

    private mutating func countControlFrame(_ most: Int) -> Event? {
        controlFrames += 1
        return controlFrames > most ? violate(.policyViolation) : nil
    }

    private mutating func violate(_ code: WebSocketErrorCode) -> Event? {
        guard state == .device else { return nil }
        state = .violated
        closeCode = code
        return .violated
    }

    private mutating func hangUp() -> Event {
        state = .closed
        return .hangUp
    }

    /// The HTTP handlers have read an upgrade request and are being removed from the pipeline.
    mutating func upgradedBehindHTTP() {
        guard state == .requests else { return }
        state = .device
    }

    /// A batch of reads has ended. Gives the payload of the pong to send; nil for no pong.
    mutating func readCompleted() -> [UInt8]? {
        guard let ping = unansweredPing else { return nil }
        unansweredPing = nil
        return takesFrames ? ping : nil
    }

    // MARK: Out

    /// The relay is about to send a frame to the device. False when it may send no frame any more.
    mutating func prepareToSend(_ frame: RelayFrame) -> Bool {
        guard takesFrames else { return false }
        switch frame {
        case .goodbye: closeCode = .goingAway
        case .refused(.badFrame, _) where closeCode == .normalClosure: closeCode = .policyViolation
        case .refused(.relayFull, _), .refused(.tooMany, _): closeCode = .tryAgainLater
        default: break
        }
        return true
    }

    /// The relay closes the connection. Gives the payload of the close frame to send; nil when it must send none.
    mutating func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? {
        guard takesFrames else { return nil }
        state = .closing
        controlFrames = 0
        return (code ?? closeCode).payload
    }

    /// The connection ends at once, or has ended. False when it had ended before.
    mutating func end() -> Bool {
        guard state != .closed else { return false }
        state = .closed
        (rest, unansweredPing) = (nil, nil)
        return true
    }

    // MARK: Time

    enum OnTick: Equatable {
        case ping
        /// The device has been silent for too long.
        case silent
        case none
    }

    /// A ping interval has passed. The device may be silent for `silentIntervals` intervals in a row.
    mutating func tick(silentIntervals most: Int) -> OnTick {
        guard takesFrames else { return .none }
        controlFrames = 0
        silentIntervals = wasHeard ? 0 : silentIntervals + 1
        guard silentIntervals <= most else { return .silent }
        wasHeard = false
        return .ping
    }
}

extension WebSocketErrorCode {
    /// The close code "Try Again Later" of IANA's registry.
    static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)

    /// The code that answers a peer's close frame with this payload: `normalClosure`, or what is wrong with the payload
    /// (RFC 6455, 5.5.1 and 7.4).
    fileprivate init(answeringClose payload: ArraySlice<UInt8>) {
        self = .normalClosure
        guard let first = payload.first else { return }
        guard let second = payload.dropFirst().first else {
            self = .protocolError
            return
        }
        switch UInt16(first) << 8 | UInt16(second) {
        // The codes that IANA's registry has for close frames, and the codes of libraries and applications.
        case 1000...1003, 1007...1014, 3000...4999:
            if String(validating: payload.dropFirst(2), as: UTF8.self) == nil { self = .dataInconsistentWithMessage }
        default: self = .protocolError
        }
    }

    /// The payload of a close frame with this code.
    fileprivate var payload: [UInt8] {
        let number = UInt16(webSocketErrorCode: self)
        return [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
}
