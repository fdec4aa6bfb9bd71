/// One device's connection by long polling (`Protocol/http.md`, "Connections"). It first asks whether the server has
/// long polling, and opens the connection with its first frames. Then it has one socket for sending, and one on which a
/// poll waits.
final class HTTPConnection: Connection, LongPollSocket.Owner {
    private let target: Target
    private let source: UInt16
    private let poller: Poller
    private weak var owner: (any ConnectionOwner)?
    private let name = HTTPConnection.nextName()

    private var speaking: LongPollSocket?
    private var isKnocking = true
    private var isSending = false
    /// The encoded frames that are not part of a request yet.
    private var waiting: [UInt8] = []
    private var waitingCount: UInt32 = 0
    /// The number of the last frame that is part of a request.
    private var sent: UInt32 = 0

    private var listening: LongPollSocket?
    private var isPolling = false
    /// The number of the last frame received from the relay.
    private var received: UInt32 = 0
    private var pollWait = HTTPConnection.longestWait
    /// Whether the relay has ended the connection. The answer to a `send` request may still arrive.
    private var isEnding = false

    /// The device limit `pollWait` of `Protocol/limits.md`, in milliseconds.
    private static let longestWait: UInt32 = 20_000

    /// Connects, and asks whether the server has long polling; nil when the system has no socket left.
    init?(to target: Target, source: UInt16, poller: Poller, owner: any ConnectionOwner) {
        self.target = target
        self.source = source
        self.poller = poller
        self.owner = owner
        guard let speaking = socket(.send) else { return nil }
        self.speaking = speaking
        speaking.post(LongPollBody.send(name, first: 1, frames: []))
    }

    func write(_ frame: [UInt8]) {
        waiting += LongPollBody.field(frame)
        waitingCount += 1
    }

    func flush() {
        guard owner != nil, !isKnocking, !isSending, waitingCount > 0 else { return }
        if speaking == nil { speaking = socket(.send) }
        guard let speaking else { return end() }
        isSending = true
        let call = LongPollBody.send(name, first: sent + 1, frames: waiting)
        sent += waitingCount
        waiting = []
        waitingCount = 0
        speaking.post(call)
    }

    /// Closes the sending socket, as a relay would do after a while without requests. The next poll asks for a random
    /// wait. Otherwise the polls of a crowd that came all at once would keep ending all at once.
    func rest() {
        if !isSending {
            speaking?.close()
            speaking = nil
        }
        pollWait = .random(in: 1...20) * 1_000
    }

    func close() {
        owner = nil
        speaking?.close()
        listening?.close()
        speaking = nil
        listening = nil
    }

    func answered(_ status: Int, _ body: UnsafeRawBufferPointer, on socket: LongPollSocket) {
        if socket === listening { pollAnswered(status, body) } else { sendAnswered(status) }
    }

    func lost(_ socket: LongPollSocket) {
        guard socket === speaking, !isSending, !isKnocking else { return end() }
        speaking = nil
    }

    private func sendAnswered(_ status: Int) {
        if isKnocking {
            // Only a relay with long polling answers with status 404 that it does not know the connection.
            guard status == 404 else { return end() }
            isKnocking = false
            owner?.opened(self)
            return
        }
        guard status == 200, !isEnding else { return end() }
        isSending = false
        flush()
        poll()
    }

    private func pollAnswered(_ status: Int, _ body: UnsafeRawBufferPointer) {
        isPolling = false
        guard status == 200, let polled = LongPollBody.Polled(body) else { return end() }
        if polled.frames.isEmpty { pollWait = Self.longestWait }
        received += UInt32(polled.frames.count)
        for frame in polled.frames { owner?.received(UnsafeRawBufferPointer(rebasing: body[frame]), on: self) }
        if polled.isClosed {
            isEnding = true
            if !isSending { end() }
        } else {
            poll()
        }
    }

    /// Makes the next poll after all received frames are handled. A real device pauses after a poll without frames.
    /// This client does not, because the pause is a hundredth of the time and costs the relay nothing.
    private func poll() {
        guard owner != nil, !isPolling, waitingCount == 0 else { return }
        if listening == nil { listening = socket(.poll) }
        guard let listening else { return end() }
        isPolling = true
        listening.post(LongPollBody.poll(name, received: received, milliseconds: pollWait))
    }

    private func end() {
        let owner = owner
        close()
        owner?.closed(self)
    }

    private func socket(_ kind: LongPollSocket.Kind) -> LongPollSocket? {
        LongPollSocket(kind, to: target, source: source, poller: poller, owner: self)
    }

    /// Makes a connection ID. The IDs only have to differ, because a benchmark has no attackers.
    private static func nextName() -> [UInt8] {
        names += 1
        return withUnsafeBytes(of: names) { Array($0) } + run
    }

    /// The number of IDs made so far. A plain variable is safe, because the bench has one thread.
    nonisolated(unsafe) private static var names: UInt64 = 0
    private static let run = (0..<8).map { _ in UInt8.random(in: .min ... .max) }
}
