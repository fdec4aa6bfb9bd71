import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The state machine of one connection: the first request, then WebSocket frames, pings and closing
/// (`Protocol/relay.md`, "Transport"). It takes bytes and the ticks of a timer, and returns events; it does no I/O and
/// has no clock. The ``Rendezvous`` decides what a device's frame means.
struct ConnectionMachine: ~Copyable {
    private enum State: Equatable {
        /// The first request has not arrived completely. Next states: `requests`, `device`, `closed`.
        case opening
        /// The HTTP handlers read the connection. Next states: `device`, `closed`.
        case requests
        /// The connection is a WebSocket. Next states: `violated`, `closing`, `closed`.
        case device
        /// The device broke the protocol. The relay reads nothing more from the device, but still sends it the refusal.
        /// Next states: `closing`, `closed`.
        case violated
        /// The relay has sent its close frame, and only waits for the peer's close frame. Next state: `closed`.
        case closing
        /// The relay reads and writes nothing any more. Final state.
        case closed
    }

    enum Event: Equatable {
        /// A complete upgrade request in the form that devices send (``UpgradeRequest``) has arrived, so the connection
        /// is now a WebSocket.
        case upgraded(UpgradeRequest)
        /// A request has arrived that is not an upgrade request in the form that devices send. The caller must pass
        /// these bytes and all later ones to the HTTP handlers.
        case isForHTTP(ByteBuffer)
        case received(DeviceFrame, bytes: Int)
        /// The peer has sent a ping. The caller must call ``readCompleted()`` at the end of this batch of reads.
        case pinged
        /// The device broke the protocol, and the relay will close the connection with ``closeCode``.
        case violated
        /// The peer has sent a close frame. The caller must answer with a close frame that has this payload, and end
        /// the connection.
        case peerCloses(answer: [UInt8])
        /// The caller must cut the connection: both sides have sent close frames, or the peer has sent too many frames
        /// after the relay's close frame.
        case hangUp
    }

    private var state = State.opening
    /// The bytes of an incomplete request or frame; nil when there are none.
    private var rest: ByteBuffer?
    /// The payload of the last ping in this batch of reads. Only the latest ping needs an answer (RFC 6455, 5.5.3), and
    /// one answer per batch limits the cost of a flood of pings.
    private var unansweredPing: [UInt8]?
    private var controlFrames: Int32 = 0
    private var silentIntervals: Int32 = 0
    private var wasHeard = true
    private var closeCode = WebSocketErrorCode.normalClosure

    // MARK: What it is

    /// Whether the first request has not arrived completely yet.
    var isOpening: Bool { state == .opening }
    /// Whether the HTTP handlers read the bytes of the connection.
    var carriesRequests: Bool { state == .requests }
    /// Whether the relay may send frames to the device.
    var takesFrames: Bool { state == .device || state == .violated }
    var isClosing: Bool { state == .closing }
    var isClosed: Bool { state == .closed }
    /// Whether the connection is a WebSocket or was one.
    var isWebSocket: Bool { state != .opening && state != .requests }

    // MARK: In

    /// Consumes bytes from the front of `bytes` until they result in an event. Returns nil when all of them together
    /// result in none; the machine keeps the bytes of an incomplete request or frame. The caller calls this again while
    /// bytes are left. `controlFrames` is the most control frames in a ping interval. `payload` is scratch memory.
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
                // After a broken frame, nobody can tell where the next frame starts, so the rest is dropped.
                bytes.moveReaderIndex(to: bytes.writerIndex)
                if let event = violate(code) { return event }
            case .frame(let frame):
                bytes.moveReaderIndex(forwardBy: frame.byteCount)
                wasHeard = true
                if let event = received(frame, payload, most) { return event }
            }
        }
        // After a violation or the end of the connection, the relay drops all bytes.
        bytes.moveReaderIndex(to: bytes.writerIndex)
        return nil
    }

    /// Copies the bytes of an incomplete request or frame to a buffer of just their size, because the receive buffer is
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
            // After the relay's close frame, frames of every kind count against the limit of control frames, because a
            // device has little left to send.
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
            // A message in several frames breaks the protocol: to reassemble messages, the relay would have to store
            // data for peers.
            return violate(.policyViolation)
        case .text:
            return violate(.unacceptableData)
        case .ping:
            unansweredPing = Array(payload.prefix(frame.payloadCount))
            return countControlFrame(most) ?? .pinged
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

    /// The caller reports that the HTTP handlers have read an upgrade request and are being removed from the pipeline.
    mutating func upgradedBehindHTTP() {
        guard state == .requests else { return }
        state = .device
    }

    /// The caller reports the end of a batch of reads; it need not after a batch without a ping. Returns the payload of
    /// the pong to send; nil for no pong.
    mutating func readCompleted() -> [UInt8]? {
        guard let ping = unansweredPing else { return nil }
        unansweredPing = nil
        return takesFrames ? ping : nil
    }

    // MARK: Out

    /// The caller must call this before it sends a frame to the device. False when the relay may send no frame any
    /// more.
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

    /// Begins to close the connection. Returns the payload of the close frame that the caller must send; nil when the
    /// relay must send none.
    mutating func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? {
        guard takesFrames else { return nil }
        state = .closing
        controlFrames = 0
        return (code ?? closeCode).payload
    }

    /// Notes that the connection ends at once, or has ended. False when it had ended before.
    mutating func end() -> Bool {
        guard state != .closed else { return false }
        state = .closed
        (rest, unansweredPing) = (nil, nil)
        return true
    }

    // MARK: Time

    enum OnTick: Equatable {
        case ping
        /// The device has sent nothing for too long. The caller must cut the connection.
        case silent
        case none
    }

    /// The caller must call this after each ping interval. The device may send nothing for `silentIntervals` intervals
    /// in a row.
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
    /// The WebSocket close code 1013, "Try Again Later", of IANA's registry.
    static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)

    /// The code for the answer to a peer's close frame with this payload: `normalClosure`, or the code for what is
    /// wrong with the payload (RFC 6455, 5.5.1 and 7.4).
    fileprivate init(answeringClose payload: ArraySlice<UInt8>) {
        self = .normalClosure
        guard let first = payload.first else { return }
        guard let second = payload.dropFirst().first else {
            self = .protocolError
            return
        }
        switch UInt16(first) << 8 | UInt16(second) {
        // These are the codes that IANA's registry allows in close frames, and those for libraries and applications.
        case 1000...1003, 1007...1014, 3000...4999:
            if String(validating: payload.dropFirst(2), as: UTF8.self) == nil { self = .dataInconsistentWithMessage }
        default: self = .protocolError
        }
    }

    /// The payload of a close frame with this code: the code in two bytes.
    fileprivate var payload: [UInt8] {
        let number = UInt16(webSocketErrorCode: self)
        return [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
}
