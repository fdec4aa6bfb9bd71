import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One accepted connection from its first byte to its last: its protocol machine, its writer and its counters. It
/// belongs to a ``LoopWorker``, but has no reference to it.
///
/// A waiting connection consists of this object, its handler and its channel only, because there may be a hundred
/// thousand of them.
final class DeviceConnection {
    let id: ConnectionID
    private var context: ChannelHandlerContext?
    private var machine = ConnectionMachine()
    private var writer = FrameWriter()
    /// The requests of the connection while the HTTP handlers read it.
    private(set) var requests: RequestChannel?
    /// The address that limits are counted under: the socket's peer, or the source in a PROXY header. It is dropped
    /// once the connection serves a device.
    private(set) var peer: PeerAddress?
    /// The prefix under which the connection is counted while it serves no device; nil for a proxy.
    private(set) var counted: AddressPrefix?
    /// Whether the connection is counted there now.
    private(set) var isCounted = true
    /// Whether the rendezvous has registered the device and not dropped it.
    private(set) var isKnown = false
    /// Unread bytes at the last check.
    private(set) var unread = 0
    /// Bytes written since the last check. Checks are rare because they are costly; a device may leave one answer's
    /// bytes unread anyway.
    private var unlooked = 0

    init(id: ConnectionID, peer: PeerAddress?, counted: AddressPrefix?) {
        self.id = id
        self.peer = peer
        self.counted = counted
    }

    // MARK: Its place in the pipeline

    /// Stores the context of the channel handler.
    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        context = nil
    }

    // MARK: What it is

    /// Whether closing the connection would lose nothing: its first frame has not arrived, no poll waits on it, or its
    /// device is being dismissed.
    var isNobody: Bool {
        if machine.isClosed { return false }
        if machine.isOpening || machine.isClosing { return true }
        return machine.carriesRequests ? requests?.isNobody ?? true : isCounted
    }

    var isWebSocket: Bool { machine.isWebSocket }
    var carriesRequests: Bool { machine.carriesRequests }
    var takesFrames: Bool { machine.takesFrames }

    /// Whether this request, counted from 1, is still incomplete.
    func isReading(request: Int) -> Bool {
        machine.isOpening || machine.carriesRequests && requests?.isReading(request: request) ?? true
    }

    // MARK: Whom it counts for

    /// Sets the address that a proxy forwards for.
    func setPeer(_ source: PeerAddress) {
        peer = source
    }

    /// Counts the connection under this prefix from now on.
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

    /// The rendezvous drops the device, or has dropped it. False when it had before.
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

    /// Sets the HTTP side that reads from now on; nil when it stops.
    func carry(_ requests: RequestChannel?) {
        self.requests = requests
    }

    /// The HTTP handlers have read an upgrade request and are removed. False when the connection closed before.
    func upgradeBehindHTTP() -> Bool {
        guard context != nil else { return false }
        machine.upgradedBehindHTTP()
        return true
    }

    /// The connection is a WebSocket now: writes the answer to the upgrade.
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

    /// Begins the WebSocket closing handshake. Gives the payload of the close frame to write; nil when none is to be
    /// sent.
    func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? { machine.close(code) }

    func tick(silentIntervals: Int) -> ConnectionMachine.OnTick { machine.tick(silentIntervals: silentIntervals) }

    enum OnFlush {
        /// The unread bytes, checked because enough was written since the last check.
        case looked(unread: Int)
        case none
    }

    /// Writes all pending bytes to the network in one piece. When more than `most` bytes were written since the last
    /// check, the unread bytes are checked.
    func flush(most: Int, _ pool: BufferPool) -> OnFlush {
        guard let context, let bytes = writer.take() else { return .none }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        pool.giveBack(bytes)
        guard !machine.isClosed else { return .none }
        unlooked += bytes.readableBytes
        // Earlier unread bytes count against the limit, so it is checked whether the peer has read them.
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

    /// The time in which the peer may read a last answer or send its close frame is over.
    func lingerTimedOut() {
        if machine.isClosing || machine.carriesRequests && requests?.isLingering == true { hangUp() }
    }

    /// The channel has closed.
    func ended() {
        _ = machine.end()
    }
}
