import NIOCore
import NIOWebSocket
import RelayWire

/// One device's WebSocket: unpacks frames on their way in, packs them on their way out. What they mean is the
/// ``Switchboard``'s business (`Protocol/relay.md`, "Transport").
final class DeviceConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private enum State {
        case open
        /// Our close frame is out; all that still counts is the peer's.
        case closing
        case closed
    }

    let id: ConnectionID
    private let switchboard: Switchboard
    private var context: ChannelHandlerContext?
    private var state = State.open
    /// The last ping of this batch of reads: answering the latest one is enough (RFC 6455, 5.5.3), and one answer a batch
    /// bounds what a flood of them costs.
    private var unansweredPing: ByteBuffer?
    private var controlFrames = 0
    private var wasHeard = true
    private var silentIntervals = 0
    private var isUnflushed = false
    private var closeCode = WebSocketErrorCode.normalClosure

    init(id: ConnectionID, switchboard: Switchboard) {
        self.id = id
        self.switchboard = switchboard
    }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        wasHeard = true
        switch state {
        case .open:
            receive(frame)
        case .closing:
            if frame.opcode == .connectionClose { hangUp() }
        case .closed:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state == .open, let ping = unansweredPing {
            write(opcode: .pong, data: ping)
        }
        unansweredPing = nil
        switchboard.batchEnded()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        switchboard.lost(self)
        // Nothing says that a batch of reads is complete when it ends with the connection, and what this device said last
        // may have put frames before others.
        switchboard.batchEnded()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The decoder's errors come before the frame does; it reads nothing more on this connection.
        switch error {
        case NIOWebSocketError.invalidFrameLength: violate(.messageTooLarge)
        case is NIOWebSocketError: violate(.protocolError)
        default: hangUp()
        }
        switchboard.batchEnded()
    }

    private func receive(_ frame: WebSocketFrame) {
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return violate(.protocolError) }
        switch frame.opcode {
        case .binary where frame.fin:
            guard let decoded = try? DeviceFrame(parsing: Array(buffer: frame.unmaskedData)) else {
                return violate(.policyViolation)
            }
            switchboard.received(decoded, from: self)
        case .binary, .continuation:
            // One frame, one message: reassembling is a way to make a relay hold memory.
            violate(.policyViolation)
        case .text:
            violate(.unacceptableData)
        case .ping:
            unansweredPing = frame.unmaskedData
            countControlFrame()
        case .pong:
            countControlFrame()
        case .connectionClose:
            write(opcode: .connectionClose, data: closeData(.normalClosure))
            state = .closing
            flush()
            hangUp()
        default:
            violate(.protocolError)
        }
    }

    private func countControlFrame() {
        controlFrames += 1
        if controlFrames > switchboard.limits.controlFramesPerInterval { violate(.policyViolation) }
    }

    /// The device broke the rules: the rendezvous tells it so and closes, the code says in which way.
    private func violate(_ code: WebSocketErrorCode) {
        guard state == .open else { return }
        closeCode = code
        switchboard.receivedBadFrame(from: self)
    }

    // MARK: Out. Each of these may be called at any time; on a connection that is closing or closed they do nothing.

    /// Writes; the ``Switchboard`` flushes at the end of a batch.
    func send(_ frame: RelayFrame) {
        guard state == .open else { return }
        if case .goodbye = frame { closeCode = .goingAway }
        write(opcode: .binary, data: ByteBuffer(bytes: frame.serialized()))
    }

    /// Says goodbye in WebSocket's way, and waits for the peer to do so too.
    func close(_ code: WebSocketErrorCode? = nil) {
        guard state == .open else { return }
        write(opcode: .connectionClose, data: closeData(code ?? closeCode))
        state = .closing
        switchboard.isClosing(self)
    }

    /// Ends the connection at once.
    func hangUp() {
        guard state != .closed else { return }
        state = .closed
        context?.close(promise: nil)
    }

    /// Hands what was written to the network. A peer that has left more than the limit unread is cut off, and so is one that
    /// leaves a little when all of them together have: what it missed is sent again when it comes back.
    func flush() {
        isUnflushed = false
        guard let context else { return }
        context.flush()
        guard state != .closed else { return }
        let unread = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if !switchboard.bears(unread: unread, of: self) || !context.channel.isWritable {
            switchboard.note(.slowReader)
            hangUp()
        }
    }

    /// Called once per ping interval.
    func checkForLife() {
        guard state == .open else { return }
        controlFrames = 0
        if wasHeard {
            silentIntervals = 0
        } else {
            silentIntervals += 1
            if silentIntervals > switchboard.limits.silentIntervals {
                switchboard.note(.silent)
                return hangUp()
            }
        }
        wasHeard = false
        write(opcode: .ping, data: ByteBuffer())
    }

    private func write(opcode: WebSocketOpcode, data: ByteBuffer) {
        context?.write(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
        guard !isUnflushed else { return }
        isUnflushed = true
        switchboard.hasWritten(self)
    }

    private func closeData(_ code: WebSocketErrorCode) -> ByteBuffer {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        return data
    }
}

extension WebSocketErrorCode {
    /// "Try Again Later", from IANA's registry.
    static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)
}

/// Names a connection for as long as the process lives; says nothing about the peer.
struct ConnectionID: Hashable, Sendable {
    let number: UInt64
}
