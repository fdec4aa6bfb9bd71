import EasySetupChain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TestSupport

@testable import EasySetupS3

/// A server of HTTP on loopback, in place of a service for credentials or a store. It answers each request by the next
/// step of its script, and every request behind the script's end by 418.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let method: String
        let target: String
        let headers: [String: String]
        let body: [UInt8]
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [(String, String)] = []
        var body = ""
    }

    typealias Step = @Sendable (Request) -> Answer

    private let steps: Mutex<[Step]>
    private let seen = Mutex<[Request]>([])

    init(_ steps: [Step] = []) {
        self.steps = Mutex(steps)
    }

    /// The requests that came.
    var requests: [Request] { seen.withLock { $0 } }

    func add(_ steps: Step...) { self.steps.withLock { $0 += steps } }

    fileprivate func answer(_ request: Request) -> Answer {
        seen.withLock { $0.append(request) }
        let step = steps.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        return step?(request) ?? Answer(status: 418)
    }

    /// Runs the server as long as `body` runs, which gets its address.
    func run<Result: Sendable>(_ body: @Sendable (_ url: String) async throws -> Result) async throws -> Result {
        try await LoopbackServer.run(handler: { ScriptedHandler(self) }) { port in
            try await body("http://127.0.0.1:\(port)")
        }
    }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: ScriptedServer
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ server: ScriptedServer) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        try? context.pipeline.syncOperations.configureHTTPServerPipeline(position: .before(self))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head else { return }
            let answer = server.answer(
                ScriptedServer.Request(
                    method: head.method.rawValue,
                    target: head.uri,
                    headers: Dictionary(head.headers.map { ($0.name, $0.value) }) { first, _ in first },
                    body: body
                )
            )
            var headers = HTTPHeaders(answer.headers)
            headers.add(name: "Content-Length", value: "\(answer.body.utf8.count)")
            let status = HTTPResponseStatus(statusCode: answer.status)
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
                promise: nil
            )
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// A device's clock by hand, and the pauses that were made.
final class DeviceClock: Sendable {
    private let now: Mutex<Int>
    private let slept = Mutex<[Duration]>([])

    init(_ now: Int = ServiceScript.now) {
        self.now = Mutex(now)
    }

    var seconds: Int {
        get { now.withLock { $0 } }
        set { now.withLock { $0 = newValue } }
    }

    var pauses: [Duration] { slept.withLock { $0 } }

    var times: S3Times {
        S3Times(
            seconds: { self.seconds },
            sleep: { pause in self.slept.withLock { $0.append(pause) } },
            draw: { 0 }
        )
    }
}

/// The answers of a service and of a store, as steps of a script.
enum ServiceScript {
    /// Sunday, 30 November 2025, 00:00:00 UTC.
    static let now = 1_764_460_800
    private static let date = "Sun, 30 Nov 2025 00:00:00 GMT"

    /// The content of an answer with credentials.
    static func content(
        endpoint: String = "https://s3.example.org",
        prefix: String,
        accessKey: String = "KEY",
        forms: [String]? = nil,
        isFull: Bool = false,
        time: Int = now,
        lifetime: Int = 3_600
    ) -> CredentialsAnswer {
        let keys = S3Keys(accessKey: "POSTER", secret: S3Secret("poster secret"))
        let fields = PostPolicy(bucket: "records", prefix: prefix, ends: time + lifetime).form(
            keys,
            region: "r",
            at: time
        ).fields
            .map { CredentialsAnswer.Field(name: $0.name, value: $0.value) }
        return CredentialsAnswer(
            endpoint: endpoint,
            region: "r",
            bucket: "records",
            prefix: prefix,
            accessKey: accessKey,
            secretKey: "secret-of-the-session",
            sessionToken: "token-of-the-session",
            forms: (forms ?? (isFull ? [] : [prefix])).map { .init(prefix: $0, fields: fields) },
            isFull: isFull,
            ends: time + lifetime,
            time: time
        )
    }

    static func answer(_ content: CredentialsAnswer) -> ScriptedServer.Step {
        answer(String(decoding: (try? JSONEncoder().encode(content)) ?? Data(), as: UTF8.self))
    }

    static func answer(_ body: String, status: Int = 200) -> ScriptedServer.Step {
        { _ in .init(status: status, headers: [("Content-Type", "application/json")], body: body) }
    }

    static func problem(_ name: String, _ status: Int, more: String = "", retryAfter: String? = nil)
        -> ScriptedServer.Step
    {
        let headers = [("Content-Type", "application/problem+json")] + (retryAfter.map { [("Retry-After", $0)] } ?? [])
        let body =
            #"{"type":"urn:easysetup:problem:\#(name)","title":"It is secret-of-the-session.","status":\#(status)\#(more)}"#
        return { _ in .init(status: status, headers: headers, body: body) }
    }

    /// An answer of a store.
    static func store(_ status: Int, _ body: String = "") -> ScriptedServer.Step {
        { _ in .init(status: status, headers: [("Date", date)], body: body) }
    }

    static let nothingListed = store(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
}
