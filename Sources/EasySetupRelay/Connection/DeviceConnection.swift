import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One accepted connection from its first byte to its last: its protocol machine, its writer and its counters. It
/// belongs to a ``LoopWorker``, but has no reference to it.
///
/// While a connection waits, it consists of this object, its handler and its channel only, because a relay may have a
/// hundred thousand of them.
final class DeviceConnection {
    let id: ConnectionID
    private var context: ChannelHandlerContext?
    private var machine = ConnectionMachine()
    private var writer = FrameWriter()
    /// The requests of the connection while the HTTP handlers read it.
    private(set) var requests: RequestChannel?
    /// The address of the client: the socket's peer, or the source in a PROXY header. It is dropped when the connection
    /// becomes a WebSocket.
    private(set) var peer: PeerAddress?
    /// The prefix under which the relay counts the connection; nil for a proxy's connection.
    private(set) var counted: AddressPrefix?
    /// Whether the relay counts the connection as one that serves no device.
    private(set) var isCounted = true
    /// Whether the ``Rendezvous`` knows the connection's device.
    private(set) var isKnown = false
    /// The device's unread bytes at the last check.
    private(set) var unread = 0
    /// Bytes written since the last check of the unread bytes. Checks are rare because they are costly; a device may
    /// leave as many bytes unread as one HTTP answer holds anyway.
    private var unlooked = 0

    init(id: ConnectionID, peer: PeerAddress?, counted: AddressPrefix?) {
        self.id = id
        self.peer = peer
        self.counted = counted
    }

    // MARK: Its place in the pipeline

    /// Stores the context of the channel handler, through which this object writes and closes.
    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        context = nil
    }

    // MARK: What it is

    /// Whether closing the connection would lose nothing: its first frame has not arrived, no poll waits on it, or the
    /// relay has sent its close frame.
    var isNobody: Bool {
        if machine.isClosed { return false }
        if machine.isOpening || machine.isClosing { return true }
        return machine.carriesRequests ? requests?.isNobody ?? true : isCounted
    }

    var isWebSocket: Bool { machine.isWebSocket }
    var carriesRequests: Bool { machine.carriesRequests }
    var takesFrames: Bool { machine.takesFrames }

    /// Whether the request with this number, counted from 1, is still incomplete.
    func isReading(request: Int) -> Bool {
        machine.isOpening || machine.carriesRequests && requests?.isReading(request: request) ?? true
    }

    // MARK: Whom it counts for

    /// Sets the client's address, which a proxy has sent.
    func setPeer(_ source: PeerAddress) {
        peer = source
    }

    /// Makes this the prefix under which the relay counts the connection.
    func count(for prefix: AddressPrefix?) {
        counted = prefix
    }

    /// Sets whether the connection serves no device. False when nothing changed.
    func setIdle(_ isIdle: Bool) -> Bool {
        guard isCounted != isIdle else { return false }
        isCounted = isIdle
        return true
    }

    /// The rendezvous has registered the device.
    func markKnown() {
        isKnown = true
    }

    /// The rendezvous drops the device, or has dropped it. False when the rendezvous did not know the device any more.
    func markUnknown() -> Bool {
        guard isKnown else { return false }
        isKnown = false
        return true
    }

    /// Sets the number of unread bytes, and gives the difference to the value before.
    func setUnread(_ bytes: Int) -> Int {
        defer { unread = bytes }
        return bytes - unread
    }

    // MARK: In

    /// Takes bytes until they result in an event (``ConnectionMachine/next(in:controlFrames:payload:)``).
    func next(in bytes: inout ByteBuffer, controlFrames: Int, payload: inout [UInt8]) -> ConnectionMachine.Event? {
        machine.next(in: &bytes, controlFrames: controlFrames, payload: &payload)
    }

    func readCompleted() -> [UInt8]? { machine.readCompleted() }

    /// Sets the channel that reads this connection's HTTP requests. Nil when no more requests are read.
    func carry(_ requests: RequestChannel?) {
        self.requests = requests
    }

    /// The HTTP handlers have read an upgrade request and are being removed. False when the connection has closed
    /// before.
    func upgradeBehindHTTP() -> Bool {
        guard context != nil else { return false }
        machine.upgradedBehindHTTP()
        return true
    }

    /// The connection has become a WebSocket. Writes the answer to the upgrade request.
    func answerUpgrade(_ answer: UpgradeAnswer, _ pool: BufferPool) -> FrameWriter.OnWrite {
        requests = nil
        peer = nil
        var bytes = pool.take()
        answer.write(into: &bytes)
        return writer.write(bytes)
    }

    // MARK: Out. On a connection that is closing or closed, these do nothing.

    func send(_ frame: RelayFrame, _ pool: BufferPool) -> FrameWriter.OnWrite {
        guard context != nil, machine.prepareToSend(frame) else { return .none }
        return writer.write(frame, pool)
    }

    func write(_ opcode: WebSocketOpcode, _ payload: [UInt8], _ pool: BufferPool) -> FrameWriter.OnWrite {
        guard context != nil else { return .none }
        return writer.write(opcode, payload, pool)
    }

    /// Begins the WebSocket closing handshake. Gives the payload of the close frame to write; nil when the relay must
    /// send none.
    func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? { machine.close(code) }

    func tick(silentIntervals: Int) -> ConnectionMachine.OnTick { machine.tick(silentIntervals: silentIntervals) }

    enum OnFlush {
        /// The number of unread bytes, which was checked because enough was written since the last check.
        case looked(unread: Int)
        case none
    }

    /// Writes all pending bytes to the network in one piece. Checks the unread bytes when more than `most` bytes were
    /// written since the last check, or when some were unread then.
    func flush(most: Int, _ pool: BufferPool) -> OnFlush {
        guard let context, let bytes = writer.take() else { return .none }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        pool.giveBack(bytes)
        guard !machine.isClosed else { return .none }
        unlooked += bytes.readableBytes
        // Earlier unread bytes count against the limit, so the relay checks whether the peer has read them.
        guard unlooked > most || unread > 0 else { return .none }
        unlooked = 0
        return .looked(unread: (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Cuts the connection at once.
    func hangUp() {
        guard machine.end() else { return }
        context?.close(promise: nil)
    }

    /// Closes the channel after the machine has ended.
    func closeChannel() {
        context?.close(promise: nil)
    }

    /// Cuts a connection whose peer had time to read a last answer or to send its close frame; that time is over now.
    func lingerTimedOut() {
        if machine.isClosing || machine.carriesRequests && requests?.isLingering == true { hangUp() }
    }

    /// The channel has closed.
    func ended() {
        _ = machine.end()
    }
}
