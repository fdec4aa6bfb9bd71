/// A socket for long-poll requests of one kind, one request at a time. It stays open between the requests.
final class LongPollSocket: Stream.Owner {
    protocol Owner: AnyObject {
        /// The request was answered. The body is valid only during the call.
        func answered(_ status: Int, _ body: UnsafeRawBufferPointer, on socket: LongPollSocket)
        /// The socket was closed; a running request gets no answer.
        func lost(_ socket: LongPollSocket)
    }

    /// The two kinds of request (`Protocol/http.md`, "Calls").
    enum Kind {
        case send, poll

        fileprivate var head: [UInt8] { self == .send ? Self.sendHead : Self.pollHead }

        private static let sendHead = head("/easysetup/v1/send")
        private static let pollHead = head("/easysetup/v1/poll")

        private static func head(_ path: String) -> [UInt8] {
            Array(
                ("POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/protobuf\r\n"
                    + "Content-Length: ").utf8
            )
        }
    }

    private let kind: Kind
    private weak var owner: (any Owner)?
    private var stream: Stream?

    /// Connects; nil when the system has no socket left.
    init?(_ kind: Kind, to target: Target, source: UInt16, poller: Poller, owner: any Owner) {
        self.kind = kind
        self.owner = owner
        guard let stream = Stream(to: target, source: source, poller: poller, owner: self) else { return nil }
        self.stream = stream
    }

    /// Makes a request as soon as the socket is connected. The previous one must have been answered.
    func post(_ body: [UInt8]) {
        guard let stream else { return }
        stream.write(kind.head)
        stream.write("\(body.count)\r\n\r\n".utf8)
        stream.write(body)
        stream.flush()
    }

    /// Closes the socket at once; the owner gets no more calls.
    func close() {
        stream?.close()
        stream = nil
    }

    func opened(_ stream: Stream) {
        stream.flush()
    }

    func received(_ bytes: UnsafeRawBufferPointer, on stream: Stream) -> Int {
        switch HTTPAnswer.parse(bytes) {
        case .incomplete: return 0
        case .malformed:
            close()
            owner?.lost(self)
            return bytes.count
        case .answer(let answer):
            owner?.answered(answer.status, UnsafeRawBufferPointer(rebasing: bytes[answer.body]), on: self)
            return answer.body.upperBound
        }
    }

    func closed(_ stream: Stream) {
        self.stream = nil
        owner?.lost(self)
    }
}
