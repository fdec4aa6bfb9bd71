import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One accepted connection, from its first byte to its last: its rules, its way out, and what is counted for it. It belongs to a loop's
/// ``LoopWorker``, and knows nothing of it.
///
/// A connection that waits is this object, its handler and its channel, nothing more: there may be a hundred thousand of them.
final class DeviceConnection {
    let id: ConnectionID
    private var context: ChannelHandlerContext?
    private var machine = ConnectionMachine()
    private var writer = FrameWriter()
    /// The requests of the connection, where HTTP's handlers read them.
    private(set) var requests: RequestChannel?
    /// The address that limits count for: the socket's peer, or one that a PROXY header named. Nobody needs it once there is a device.
    private(set) var peer: PeerAddress?
    /// The prefix that it counts for while it stands for no device; nil for a proxy.
    private(set) var counted: AddressPrefix?
    /// Whether it counts there now.
    private(set) var isCounted = true
    /// Whether the rendezvous knows its device, and has not let go of it.
    private(set) var isKnown = false
    /// Bytes it leaves unread, as far as has been looked.
    private(set) var unread = 0
    /// Bytes written since. To look is not cheap, and one answer's bytes are what any device may leave unread.
    private var unlooked = 0

    init(id: ConnectionID, peer: PeerAddress?, counted: AddressPrefix?) {
        self.id = id
        self.peer = peer
        self.counted = counted
    }

    // MARK: Its place in the pipeline

    /// The handler has its place.
    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        context = nil
    }

    // MARK: What it is

    /// Whether nothing is lost when it is closed: it has not said what it wants, no poll waits on it, or it is told to go.
    var isNobody: Bool {
        if machine.isClosed { return false }
        if machine.isOpening || machine.isClosing { return true }
        return machine.carriesRequests ? requests?.isNobody ?? true : isCounted
    }

    var isWebSocket: Bool { machine.isWebSocket }
    var carriesRequests: Bool { machine.carriesRequests }
    var takesFrames: Bool { machine.takesFrames }

    /// Whether this request, counted from 1, has not come whole.
    func isReading(request: Int) -> Bool {
        machine.isOpening || machine.carriesRequests && requests?.isReading(request: request) ?? true
    }

    // MARK: Whom it counts for

    /// A proxy speaks for this address.
    func speaks(for source: PeerAddress) {
        peer = source
    }

    /// It counts for this prefix from now on.
    func count(for prefix: AddressPrefix?) {
        counted = prefix
    }

    /// It stands for no device, or does. False when that is nothing new.
    func setIdle(_ isIdle: Bool) -> Bool {
        guard isCounted != isIdle else { return false }
        isCounted = isIdle
        return true
    }

    /// The rendezvous has let its device in.
    func becomesKnown() {
        isKnown = true
    }

    /// The rendezvous lets go of its device, or has. False when it had before.
    func becomesUnknown() -> Bool {
        guard isKnown else { return false }
        isKnown = false
        return true
    }

    /// How much it leaves unread now. The difference to before.
    func leavesUnread(_ bytes: Int) -> Int {
        defer { unread = bytes }
        return bytes - unread
    }

    // MARK: In

    /// Bytes have come; appends what they mean.
    func read(
        _ bytes: ByteBuffer,
        controlFrames: Int,
        payload: inout [UInt8],
        into events: inout [ConnectionMachine.Event]
    ) {
        machine.read(bytes, controlFrames: controlFrames, payload: &payload, into: &events)
    }

    func readCompleted() -> [UInt8]? { machine.readCompleted() }

    /// HTTP's handlers read from now on; nil: no more.
    func carry(_ requests: RequestChannel?) {
        self.requests = requests
    }

    /// HTTP's handlers have read an upgrade request, and leave. False when the connection has gone before them.
    func upgradeBehindHTTP() -> Bool {
        guard context != nil else { return false }
        machine.upgradedBehindHTTP()
        return true
    }

    /// The connection is a WebSocket: says so to the peer.
    func answerUpgrade(_ answer: UpgradeAnswer, _ pool: inout BufferPool) -> FrameWriter.OnWrite {
        requests = nil
        peer = nil
        var bytes = pool.take()
        answer.write(into: &bytes)
        return writer.write(bytes)
    }

    // MARK: Out. On a connection that is closing or closed, these do nothing.

    /// Writes a frame. `packed` is memory to work in.
    func send(_ frame: RelayFrame, packed: inout [UInt8], _ pool: inout BufferPool) -> FrameWriter.OnWrite {
        guard context != nil, machine.sends(frame) else { return .none }
        packed.removeAll(keepingCapacity: true)
        frame.serialize(into: &packed)
        return writer.write(.binary, packed, isDeferred: !frame.flushesImmediately, &pool)
    }

    func write(_ opcode: WebSocketOpcode, _ payload: [UInt8], _ pool: inout BufferPool) -> FrameWriter.OnWrite {
        guard context != nil else { return .none }
        return writer.write(opcode, payload, &pool)
    }

    /// Says goodbye in WebSocket's way. The payload of the close frame to write; nil when none is.
    func close(_ code: WebSocketErrorCode? = nil) -> [UInt8]? { machine.close(code) }

    func flushDeferred() -> FrameWriter.OnWrite { writer.flushDeferred() }

    func tick(silentIntervals: Int) -> ConnectionMachine.OnTick { machine.tick(silentIntervals: silentIntervals) }

    enum OnFlush {
        /// Bytes that the peer has not read, now that it was time to look.
        case looked(unread: Int)
        case none
    }

    /// Hands what was written to the network, in one piece. `most` is how many bytes may be written before it is looked how many of them
    /// the peer has read.
    func flush(most: Int, _ pool: inout BufferPool) -> OnFlush {
        guard let context, let bytes = writer.take() else { return .none }
        context.writeAndFlush(NIOAny(bytes), promise: nil)
        pool.giveBack(bytes)
        guard !machine.isClosed else { return .none }
        unlooked += bytes.readableBytes
        // Bytes that it left unread count, so it is looked whether it has read those.
        guard unlooked > most || unread > 0 else { return .none }
        unlooked = 0
        return .looked(unread: (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Ends the connection at once.
    func hangUp() {
        guard machine.end() else { return }
        context?.close(promise: nil)
    }

    /// Ends it after the machine has said so.
    func closeChannel() {
        context?.close(promise: nil)
    }

    /// The time is over in which its peer may read a last answer, or close.
    func lingerTimedOut() {
        if machine.isClosing || machine.carriesRequests && requests?.isLingering == true { hangUp() }
    }

    /// The channel has closed.
    func ended() {
        _ = machine.end()
    }
}
