import EasySetupRelayCore
import NIOCore
import NIOHTTP1

/// The HTTP side of a connection: the ``RequestMachine`` with its state, and the functions that write responses.
final class RequestChannel {
    private var machine: RequestMachine
    private var context: ChannelHandlerContext?
    private var line = RequestLine()
    private let lineBytes: Int
    /// Whether the connection begins with a record of TLS, which this port does not speak.
    let speaksTLS: Bool

    /// The first byte of a TLS connection: the content type of a handshake's record (RFC 8446, 5.1). No method of HTTP
    /// begins with it.
    static let tlsHandshake: UInt8 = 22

    init(limits: ConnectionLimits, isFromProxy: Bool, speaksTLS: Bool = false) {
        self.speaksTLS = speaksTLS
        machine = RequestMachine(limits: limits, isFromProxy: isFromProxy)
        lineBytes = limits.headerBytes
    }

    /// Stores the context of the last HTTP handler. This object uses it to write and to close.
    func attach(_ context: ChannelHandlerContext) {
        self.context = context
    }

    func detach() {
        context = nil
    }

    /// Passes an event to the ``RequestMachine``, and returns the machine's result.
    func tell<Result>(_ event: (inout RequestMachine) -> Result) -> Result { event(&machine) }

    var isNobody: Bool { machine.isNobody }
    var isLingering: Bool { machine.isLingering }
    var isHandingOver: Bool { machine.isHandingOver }
    var poller: ConnectionID? { machine.poller }
    var bodyBytes: Int { machine.bodyBytes }

    func isReading(request: Int) -> Bool { machine.isReading(request: request) }

    // MARK: In

    /// Takes received bytes. Returns the bytes that are for the HTTP handlers now; nil if there are none.
    func take(_ bytes: ByteBuffer) -> ByteBuffer? {
        guard !isHandingOver else { return bytes }
        machine.received(bytes: bytes.readableBytes)
        return line.take(bytes, most: lineBytes)
    }

    /// The parser has read a part of a request.
    func note(_ part: HTTPServerRequestPart) {
        switch part {
        case .head: line.read(isWhole: false)
        case .body: break
        case .end: line.read(isWhole: true)
        }
    }

    // MARK: Out

    func askForBody() {
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context?.writeAndFlush(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
    }

    /// Writes a response. `date` is the value of its header `Date`.
    func write(_ response: HTTPResponse, date: String, keepsAlive: Bool) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        var headers = response.headers
        headers.add(name: "Date", value: date)
        // Every response has a `Connection` header, because clients of HTTP/1.0 need it.
        headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        if response.hasBody {
            let body = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body)))
            context.write(NIOAny(body), promise: nil)
        }
        return context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)))
    }

    func close() {
        context?.close(promise: nil)
    }

    /// Removes the HTTP handlers, because the connection becomes a WebSocket. Calls `completion` with the bytes that
    /// the handlers had received but not parsed.
    func handOver(_ completion: @escaping (ByteBuffer) -> Void) {
        guard let context else { return }
        HTTPPipeline.remove(context, completion: completion)
    }
}
