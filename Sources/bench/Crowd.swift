/// Devices that show a code and wait: each an open WebSocket with a room at the relay.
final class Crowd: WebSocket.Owner {
    private let target: Target
    private let poller: Poller
    private let sources: UInt16
    private let offer = RecordedFrames().offer
    private let request = WebSocket.request(path: "/easysetup/v1/ws", subprotocol: "easysetup.v1")
    private var sockets: [ObjectIdentifier: WebSocket] = [:]
    private var opening = 0
    private(set) var waiting = 0
    private(set) var failed = 0

    /// How many connect at a time.
    private static let atOnce = 256

    init(target: Target, sources: UInt16, poller: Poller) {
        self.target = target
        self.sources = sources
        self.poller = poller
    }

    /// Brings the crowd to `count` devices. Returns how many seconds it took; nil when it never came about.
    func grow(to count: Int) -> Double? {
        let begin = nanoseconds()
        let patience = begin + 300_000_000_000
        while waiting < count {
            while opening < Self.atOnce, waiting + opening < count, addOne() {}
            poller.turn(milliseconds: 100)
            guard failed == 0, nanoseconds() < patience else { return nil }
        }
        return Double(nanoseconds() - begin) / 1e9
    }

    /// All leave at once, as when a network goes.
    func leave() {
        for socket in sockets.values { socket.close() }
        sockets = [:]
        waiting = 0
    }

    private func addOne() -> Bool {
        let number = waiting + opening
        let source = UInt16(number % Int(sources)) + 2
        guard let socket = WebSocket(to: target, source: source, request: request, poller: poller, owner: self) else {
            failed += 1
            return false
        }
        sockets[ObjectIdentifier(socket)] = socket
        opening += 1
        return true
    }

    func opened(_ socket: WebSocket) {
        socket.write(offer)
        socket.flush()
    }

    func received(_ payload: UnsafeRawBufferPointer, on socket: WebSocket) {
        guard HeardFrame(payload)?.kind == .offered else { return }
        opening -= 1
        waiting += 1
    }

    func closed(_ socket: WebSocket) {
        sockets[ObjectIdentifier(socket)] = nil
        failed += 1
    }
}
