import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One accepted connection from its first byte to its last: its state machine, its writer and its counters. It belongs
/// to a ``LoopWorker``, but has no reference to it.
///
/// While a connection waits, it consists of this object, its handler and its channel only, because a relay may have
/// many tens of thousands of connections.
final class DeviceConnection {
    let id: ConnectionID
    private var context: ChannelHandlerContext?
    private var machine = ConnectionMachine()
    private var writer = FrameWriter()
    /// The HTTP side of the connection while the HTTP handlers read it; otherwise nil.
    private(set) var requests: RequestChannel?
    /// Whether the HTTP handlers read the connection. The machine knows it too, but the handler asks at each read, and a
    /// look at the machine costs a check by the runtime (``LoopList``).
    private(set) var carriesRequests = false
    /// The client's address: that of the socket's peer, or the source in a PROXY header. Nil once the connection is a
    /// WebSocket, because the relay needs it no more.
    private(set) var peer: PeerAddress?
    /// The address prefix under which the relay counts the connection; nil for a connection from a trusted proxy.
    private(set) var counted: AddressPrefix?
    /// Whether the relay counts the connection as one that serves no device.
    private(set) var isCounted = true
    /// Whether the ``Rendezvous`` has registered the device of this connection.
    private(set) var isKnown = false
    /// Whether the peer has sent a ping in this batch of reads. Only then does the end of the batch cost a look at the
    /// machine.
    private var isPinged = false
    /// The number of bytes that the device had not read when the relay last checked.
    private(set) var unread = 0
    /// The number of bytes that the relay has written since it last checked ``unread``. A check is costly. The relay
    /// checks only after it has written many bytes, because a device may always leave as many bytes unread as one
    /// answer to a poll (request for frames) holds.
    private var unlooked = 0

    init(id: ConnectionID, peer: PeerAddress?, counted: AddressPrefix?) {
        self.id = id
        self.peer = peer
        self.counted = counted
    }

    // MARK: Its place in the pipeline

    /// Stores the context of the channel handler. This object uses it to write and to close.
    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        context = nil
    }

    // MARK: What it is

    /// Whether closing the connection would lose nothing: its first request or frame has not arrived, no poll (request
    /// for frames) waits on it, or the relay has sent its close frame.
    var isNobody: Bool {
        if machine.isClosed { return false }
        if machine.isOpening || machine.isClosing { return true }
        return carriesRequests ? requests?.isNobody ?? true : isCounted
    }

    var isWebSocket: Bool { machine.isWebSocket }
    var takesFrames: Bool { machine.takesFrames }

    /// Whether the request with this number, counted from 1 on this connection, has not arrived completely.
    func isReading(request: Int) -> Bool {
        machine.isOpening || carriesRequests && requests?.isReading(request: request) ?? true
    }

    // MARK: Whom it counts for

    /// Sets the client's address, which a trusted proxy has sent in a PROXY header.
    func setPeer(_ source: PeerAddress) {
        peer = source
    }

    /// Sets the address prefix under which the relay counts the connection.
    func count(for prefix: AddressPrefix?) {
        counted = prefix
    }

    /// Notes whether the connection serves no device. False when that has not changed.
    func setIdle(_ isIdle: Bool) -> Bool {
        guard isCounted != isIdle else { return false }
        isCounted = isIdle
        return true
    }

    /// Notes that the ``Rendezvous`` has registered the device of this connection.
    func markKnown() {
        isKnown = true
    }

    /// Notes that the ``Rendezvous`` drops the device of this connection, or has dropped it. False when this had been
    /// noted before.
    func markUnknown() -> Bool {
        guard isKnown else { return false }
        isKnown = false
        return true
    }

    /// Stores the number of bytes that the device has not read, and returns the difference to the previous number.
    func setUnread(_ bytes: Int) -> Int {
        defer { unread = bytes }
        return bytes - unread
    }

    // MARK: In

    /// Consumes bytes until they result in an event; see ``ConnectionMachine/next(in:controlFrames:payload:)``.
    func next(in bytes: inout ByteBuffer, controlFrames: Int, payload: inout [UInt8]) -> ConnectionMachine.Event? {
        machine.next(in: &bytes, controlFrames: controlFrames, payload: &payload)
    }

    func wasPinged() {
        isPinged = true
    }

    /// Ends a batch of reads; see ``ConnectionMachine/readCompleted()``.
    func readCompleted() -> [UInt8]? {
        guard isPinged else { return nil }
        isPinged = false
        return machine.readCompleted()
    }

    /// Sets the object that handles this connection's HTTP requests. The caller passes nil when the connection has
    /// ended.
    func carry(_ requests: RequestChannel?) {
        self.requests = requests
        carriesRequests = requests != nil
    }

    /// Notes that the HTTP handlers have read an upgrade request and are being removed. False when the connection has
    /// closed before.
    func upgradeBehindHTTP() -> Bool {
        guard context != nil else { return false }
        machine.upgradedBehindHTTP()
        carriesRequests = false
        return true
    }

    /// Writes the answer to the upgrade request, because the connection has become a WebSocket.
    func answerUpgrade(_ answer: UpgradeAnswer, _ pool: BufferPool) -> FrameWriter.OnWrite {
        requests = nil
        peer = nil
        var bytes = pool.take()
        answer.write(into: &bytes)
        return write { $0.write(bytes) }
    }

    // MARK: Out. On a connection that is closing or closed, these do nothing.

    /// - Parameter message: the operator's message beside the frame; nil for none.
    func send(_ frame: RelayFrame, _ message: RelayMessage?, _ pool: BufferPool) -> FrameWriter.OnWrite {
        guard context != nil, machine.prepareToSend(frame) else { return .none }
        guard let message else { return write { $0.write(frame, pool) } }
        return write { $0.write(.binary, ReceivedFrame(frame, message: message).serialized(), pool) }
    }

    func write(_ opcode: WebSocketOpcode, _ payload: [UInt8], _ pool: BufferPool) -> FrameWriter.OnWrite {
        guard context != nil else { return .none }
        return write { $0.write(opcode, payload, pool) }
    }

    /// Moves the writer out of its field for a change, as a ``LoopList`` does.
    @inline(__always)
    private func write(_ body: (inout FrameWriter) -> FrameWriter.OnWrite) -> FrameWriter.OnWrite {
        var changed = FrameWriter()
        swap(&changed, &writer)
        defer { swap(&changed, &writer) }
        return body(&changed)
    }

    /// Begins the WebSocket closing handshake. Returns the payload of the close frame that the caller must write; nil
    /// when the relay must send none.
    func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? { machine.close(code) }

    func tick(silentIntervals: Int) -> ConnectionMachine.OnTick { machine.tick(silentIntervals: silentIntervals) }

    enum OnFlush {
        /// The number of bytes that the device has not read. The connection has just checked it, because enough was
        /// written since the last check.
        case looked(unread: Int)
        case none
    }

    /// Writes all pending bytes to the network in one piece. Then checks how many bytes the device has not read, if
    /// more than `most` bytes were written since the last check, or if some were unread at that check.
    func flush(most: Int, _ pool: BufferPool, _ counts: LoopCounts) -> OnFlush {
        guard let context, let bytes = writer.take() else { return .none }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        counts.sent(bytes.readableBytes)
        pool.giveBack(bytes)
        unlooked += bytes.readableBytes
        // Unread bytes count against the limit ``ConnectionLimits/outboundBytes``. So if the relay found unread bytes
        // when it last checked, it now checks whether the peer has read them.
        guard unlooked > most || unread > 0, !machine.isClosed else { return .none }
        unlooked = 0
        return .looked(unread: (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Cuts the connection at once.
    func hangUp() {
        guard machine.end() else { return }
        carriesRequests = false
        context?.close(promise: nil)
    }

    /// Closes the channel. The state machine has ended before.
    func closeChannel() {
        context?.close(promise: nil)
    }

    /// The caller reports that ``ConnectionLimits/closingTime`` is over. Cuts the connection if it still waits for the
    /// peer's close frame, or for the rest of a request that the relay has answered early.
    func lingerTimedOut() {
        if machine.isClosing || carriesRequests && requests?.isLingering == true { hangUp() }
    }

    /// Notes that the channel has closed.
    func ended() {
        _ = machine.end()
        carriesRequests = false
    }
}
