import Crypto
import NIOCore
import NIOHTTP1
import NIOWebSocket
import RelayWire
import Rendezvous

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One accepted connection, from its first byte to its last: a request for an upgrade, or others, which HTTP's handlers behind this
/// one read; then a device's WebSocket, whose frames are unpacked and packed here (`Protocol/relay.md`, "Transport"). What they mean
/// is the ``Exchange``'s business.
///
/// A connection that waits is this object and its channel, nothing more: there may be a hundred thousand of them.
final class Line: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Its first request is on its way. Next: `requests`, `device`, `closed`.
        case opening
        /// HTTP has it. Next: `device`, `closed`.
        case requests
        /// It is a WebSocket. Next: `closing`, `closed`.
        case device
        /// Our close frame is out; all that still counts is the peer's. Next: `closed`.
        case closing
        case closed
    }

    let id: ConnectionID
    private let switchboard: Switchboard
    private let channel: any Channel
    private var context: ChannelHandlerContext?
    private var state = State.opening
    /// Whom limits count for: the socket's peer, or whom a PROXY header named. Nobody needs it once there is a device.
    var peer: PeerAddress?
    /// Who it counts for while it stands for no device; nil for a proxy.
    var counted: AddressPrefix?
    /// Whether it counts there now.
    var isCounted = true
    /// Whether the rendezvous knows its device, and has not let go of it.
    var isKnown = false
    /// Answers its requests, where HTTP has it.
    var door: FrontDoorHandler?
    /// Bytes it leaves unread, as far as has been looked; and those written since. To look is not cheap, and one answer's bytes are
    /// what any device may leave unread.
    var unread = 0
    private var unlooked = 0
    /// What has come of a request or a frame that is not whole; nil as long as nothing has.
    private var rest: ByteBuffer?
    /// What is to be sent: when the batch ends if somebody waits for it, else with what comes next.
    private var outgoing: ByteBuffer?
    private var isAwaited = false
    /// The last ping of this batch of reads: answering the latest one is enough (RFC 6455, 5.5.3), and one answer a batch
    /// bounds what a flood of them costs.
    private var unansweredPing: [UInt8]?
    private var controlFrames = 0
    private var silentIntervals = 0
    private var wasHeard = true
    private var closeCode = WebSocketErrorCode.normalClosure

    init(id: ConnectionID, channel: any Channel, peer: PeerAddress?, counted: AddressPrefix?, switchboard: Switchboard)
    {
        self.id = id
        self.channel = channel
        self.peer = peer
        self.counted = counted
        self.switchboard = switchboard
    }

    /// Whether nothing is lost when it is closed: it has not said what it wants, no poll waits on it, or it is told to go.
    var isNobody: Bool {
        switch state {
        case .opening: true
        case .requests: door?.isNobody ?? true
        case .device: isCounted
        case .closing: true
        case .closed: false
        }
    }

    /// Whether it is a WebSocket.
    var isDevice: Bool {
        switch state {
        case .opening, .requests: false
        case .device, .closing, .closed: true
        }
    }

    /// Whether a trusted proxy has connected.
    var isFromProxy: Bool { peer.map(switchboard.addresses.proxies.contain) ?? false }

    /// Whom limits count for a request with these headers. Nil when the connection is gone.
    func prefix(_ headers: HTTPHeaders) -> AddressPrefix? {
        peer.flatMap { switchboard.addresses.address(peer: $0, headers: headers).prefix }
    }

    /// Whether this request of its, counted from 1, has not come whole.
    func isReading(request: Int) -> Bool {
        switch state {
        case .opening: true
        case .requests: door?.isReading(request: request) ?? true
        case .device, .closing, .closed: false
        }
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        switchboard.forget(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .requests: context.fireChannelRead(data)
        case .opening, .device, .closing:
            let bytes = unwrapInboundIn(data)
            received(bytes)
            // Behind TLS these are bytes of TLS's own.
            switchboard.receiveBuffers.giveBack(bytes)
        case .closed: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch state {
        // Whoever reads the requests says when the batch has ended.
        case .requests: return context.fireChannelReadComplete()
        case .opening, .device, .closing, .closed: break
        }
        answerPing()
        switchboard.settle()
    }

    private func answerPing() {
        if case .device = state, let ping = unansweredPing { write(.pong, ping) }
        unansweredPing = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .requests = state { context.fireChannelInactive() }
        state = .closed
        switchboard.lost(self)
        // Nothing says that a batch of reads is complete when it ends with the connection, and what this device said last
        // may have put frames before others.
        switchboard.settle()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hangUp()
    }

    /// Bytes of the first request, or of frames.
    private func received(_ bytes: ByteBuffer) {
        guard var all = rest else { return read(bytes) }
        rest = nil
        all.writeImmutableBuffer(bytes)
        read(all)
    }

    private func read(_ bytes: ByteBuffer) {
        var bytes = bytes
        if case .opening = state, !open(&bytes) { return }
        readFrames(&bytes)
        guard bytes.readableBytes > 0, state != .closed else { return }
        // In memory of its own, as little as there is: the buffer it came in is as large as a burst.
        rest = ByteBuffer(bytes: bytes.readableBytesView)
    }
}

// MARK: - The first request

extension Line {
    /// Answers the upgrade request, if that is what has come; false while it has not, or when it is another request.
    private func open(_ bytes: inout ByteBuffer) -> Bool {
        switch UpgradeRequest.recognise(bytes.readableBytesUInt8Span) {
        case .incomplete:
            rest = ByteBuffer(bytes: bytes.readableBytesView)
            return false
        case .other:
            giveToHTTP(bytes)
            return false
        case .request(let request):
            bytes.moveReaderIndex(forwardBy: request.byteCount)
            upgrade(key: request.key, to: request.subprotocol, from: peer?.prefix)
            return true
        }
    }

    private func giveToHTTP(_ bytes: ByteBuffer) {
        guard let context else { return }
        state = .requests
        do {
            let door = FrontDoorHandler(line: self, switchboard: switchboard)
            try ConnectionPipeline.addHTTP(context, door: door, limits: switchboard.limits)
            self.door = door
            switchboard.isOfHTTPDoor(self)
        } catch {
            return hangUp()
        }
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    /// The connection is a WebSocket from here on. Says so to the peer, and hears what came with the request; the handlers of HTTP,
    /// if there were any, have gone.
    func upgrade(key: [UInt8], to subprotocol: Subprotocol, from prefix: AddressPrefix?) {
        // HTTP's handlers go when the loop has turned, and the connection may have gone before them.
        guard context != nil else { return }
        state = .device
        door = nil
        var answer = switchboard.takeBuffer()
        answer.writeString(Self.answerHead)
        switchboard.packed.removeAll(keepingCapacity: true)
        subprotocol.append(to: &switchboard.packed)
        answer.writeBytes(switchboard.packed)
        answer.writeString("\r\nSec-WebSocket-Accept: ")
        answer.writeString(Self.accept(key))
        answer.writeString("\r\n\r\n")
        outgoing = answer
        awaited()
        switchboard.upgraded(self, from: prefix, isHeard: subprotocol.earlyFrame != nil)
        peer = nil
        if let frame = subprotocol.earlyFrame { received(message: frame) }
    }

    /// No extension is ever agreed to: compression next to secrets tells their length.
    private static let answerHead = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Protocol:\u{20}
        """

    /// What proves to the peer that its request was understood (RFC 6455, 4.2.2): no secret, and no hash that anything relies on.
    private static func accept(_ key: [UInt8]) -> String {
        var hash = Insecure.SHA1()
        hash.update(data: key)
        hash.update(data: acceptSuffix)
        return Data(hash.finalize()).base64EncodedString()
    }

    private static let acceptSuffix = Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)

    /// Frames that came behind the request that HTTP has read.
    func receivedBehindRequest(_ bytes: ByteBuffer) {
        received(bytes)
        // No batch of reads ends with these.
        answerPing()
    }
}

// MARK: - Frames in

extension Line {
    private func readFrames(_ bytes: inout ByteBuffer) {
        while state == .device || state == .closing, bytes.readableBytes > 0 {
            let parsed = WebSocketFraming.frame(
                in: bytes.readableBytesUInt8Span,
                limit: WireLimits.frameBytes,
                payload: &switchboard.unpacked
            )
            switch parsed {
            case .incomplete: return
            case .broken(let code):
                // Where the next frame begins can't be told.
                bytes.clear()
                return violate(code)
            case .frame(let frame):
                bytes.moveReaderIndex(forwardBy: frame.byteCount)
                wasHeard = true
                received(frame)
            }
        }
        if state == .closed { bytes.clear() }
    }

    private func received(_ frame: WebSocketFraming.Frame) {
        guard case .device = state else {
            // After our close frame, every frame counts against this limit because a device has little left to send.
            controlFrames += 1
            let isEnough = controlFrames > switchboard.limits.controlFramesPerInterval
            if frame.opcode == .connectionClose || isEnough { hangUp() }
            return
        }
        switch frame.opcode {
        case .binary where frame.isFinal:
            received(message: switchboard.unpacked)
        case .binary, .continuation:
            // One frame, one message: reassembling is a way to make a relay hold memory.
            violate(.policyViolation)
        case .text:
            violate(.unacceptableData)
        case .ping:
            unansweredPing = switchboard.unpacked
            countControlFrame()
        case .pong:
            countControlFrame()
        case .connectionClose:
            write(.connectionClose, Self.closeData(.normalClosure))
            state = .closing
            flush()
            hangUp()
        default:
            violate(.protocolError)
        }
    }

    private func received(message: [UInt8]) {
        guard let frame = try? DeviceFrame(parsing: message) else { return violate(.policyViolation) }
        switchboard.received(frame, bytes: message.count, from: self)
    }

    private func countControlFrame() {
        controlFrames += 1
        if controlFrames > switchboard.limits.controlFramesPerInterval { violate(.policyViolation) }
    }

    /// The device broke the rules: the rendezvous tells it so and closes, the code says in which way.
    private func violate(_ code: WebSocketErrorCode) {
        guard case .device = state, isKnown else { return }
        closeCode = code
        switchboard.receivedBadFrame(from: self)
        isKnown = false
    }
}

// MARK: - Out. Each of these may be called at any time; on a connection that is closing or closed they do nothing.

extension Line {
    /// Writes; the ``Switchboard`` flushes at the end of a batch, or later what nobody waits for.
    func send(_ frame: RelayFrame) {
        guard case .device = state else { return }
        switch frame {
        case .goodbye: closeCode = .goingAway
        case .refused(.badFrame, _) where closeCode == .normalClosure: closeCode = .policyViolation
        case .refused(.relayFull, _), .refused(.tooMany, _): closeCode = .tryAgainLater
        default: break
        }
        switchboard.packed.removeAll(keepingCapacity: true)
        frame.serialize(into: &switchboard.packed)
        write(.binary, switchboard.packed, isAwaited: frame.isAwaited)
    }

    /// What nobody waits for has waited for long enough.
    func waitedEnough() {
        if outgoing != nil { awaited() }
    }

    /// Says goodbye in WebSocket's way, and waits for the peer to do so too.
    func close(_ code: WebSocketErrorCode? = nil) {
        isKnown = false
        guard case .device = state else { return }
        write(.connectionClose, Self.closeData(code ?? closeCode))
        state = .closing
        controlFrames = 0
        switchboard.isClosing(self)
    }

    /// Ends the connection at once.
    func hangUp() {
        guard state != .closed else { return }
        state = .closed
        channel.close(promise: nil)
    }

    /// The time is over in which its peer may read a last answer, or close.
    func lingeredEnough() {
        switch state {
        case .opening: break
        case .requests: if door?.isLingering == true { hangUp() }
        case .closing: hangUp()
        case .device, .closed: break
        }
    }

    /// Hands what was written to the network, in one piece. A peer that has left more than the limit unread is cut off, and so is one
    /// that leaves a little when all of them together have: what it missed is sent again when it comes back.
    func flush() {
        guard let context, let bytes = outgoing else { return }
        outgoing = nil
        isAwaited = false
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        switchboard.giveBack(bytes)
        guard state != .closed else { return }
        unlooked += bytes.readableBytes
        // What it left unread counts, so it is looked whether it has read that.
        guard unlooked > min(WireLimits.callBytes, switchboard.limits.outboundBytes) || unread > 0 else { return }
        unlooked = 0
        let unread = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if !switchboard.bears(unread: unread, of: self) {
            switchboard.note(.slowReader)
            hangUp()
        }
    }

    /// Called once per ping interval.
    func checkForLife() {
        guard case .device = state else { return }
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
        write(.ping, [])
    }

    private func write(_ opcode: WebSocketOpcode, _ payload: [UInt8], isAwaited: Bool = true) {
        guard context != nil else { return }
        if outgoing == nil {
            outgoing = switchboard.takeBuffer()
            if !isAwaited { switchboard.waitsForCompany(self) }
        }
        outgoing?.writeFrame(opcode, payload)
        if isAwaited { awaited() }
    }

    private func awaited() {
        guard !isAwaited else { return }
        isAwaited = true
        switchboard.hasWritten(self)
    }

    private static func closeData(_ code: WebSocketErrorCode) -> [UInt8] {
        let number = UInt16(webSocketErrorCode: code)
        return [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
}

extension WebSocketErrorCode {
    /// "Try Again Later", from IANA's registry.
    static let tryAgainLater = WebSocketErrorCode(codeNumber: 1013)
}
