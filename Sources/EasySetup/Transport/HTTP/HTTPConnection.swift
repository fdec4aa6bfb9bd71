package import EasySetupHandshake
package import EasySetupPairingSession
package import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP answer on the way from a server, such as a relay, with the facts that tell who gave it.
package struct HTTPAnswer: Sendable {
    package let status: Int
    /// The body. Of one that is longer than the caller's limit, it has one byte more than that limit.
    package let body: [UInt8]
    /// The time from the request to the end of the answer. A request that opened the connection includes that.
    package let took: Duration
    /// The time of the header `Date` in seconds since 1970; nil if the header is missing or can't be read.
    package let date: Int?
    /// This device's time in seconds since 1970 when the answer's head arrived.
    package let clock: Int
    private let headers: [String: [String]]
    private let head: HTTPResponseHead
    private let address: RelayAddress

    fileprivate init(_ head: HTTPResponseHead, body: [UInt8], took: Duration, clock: Int, from host: RelayHost) {
        status = Int(head.status.code)
        self.body = body
        self.took = took
        self.clock = clock
        headers = Dictionary(grouping: head.headers, by: { $0.name.lowercased() }).mapValues { $0.map(\.value) }
        date = head.headers.first(name: "Date").flatMap { RetryAfter.moment($0) }
        self.head = head
        address = host.address
    }

    /// The error that the answer stands for if it is not the one that a relay should give.
    package var error: PairingError { PairingError(Reply(head, body: text, from: address)) }

    /// The wait in the header `Retry-After`; nil if the header is missing or can't be read.
    package var retryAfter: Duration? {
        head.headers.first(name: "Retry-After").flatMap { RetryAfter.wait($0, now: clock) }
    }

    /// The values of a header, whose name is in lower case; empty if the header is missing.
    package func values(of name: String) -> [String] { headers[name] ?? [] }

    /// The problem that a relay reports by this answer; nil if the answer reports none, or one of an unknown type.
    package var problem: ProblemType? { Problem(in: text)?.type }

    /// The body as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A TCP connection that sends HTTP requests to a relay or another server as a device does, one at a time. It keeps the
/// connection open for the next request where the server allows that.
package final class HTTPConnection: Sendable {
    /// The head of an answer, and this device's time when the head came. The event loop writes it, and the caller of
    /// the request reads it.
    private final class Seen: Sendable {
        let value = Mutex<(head: HTTPResponseHead, clock: Int)?>(nil)
    }

    private let host: RelayHost
    private let limits: ClientLimits
    private let channel: HTTPChannel
    private let loop: any EventLoop

    init(to host: RelayHost, limits: ClientLimits) {
        self.host = host
        self.limits = limits
        loop = MultiThreadedEventLoopGroup.singleton.next()
        channel = HTTPChannel(to: host, on: loop, limits: limits)
    }

    /// Makes a connection that opens with its first request.
    ///
    /// - Parameters:
    ///   - address: the host and port of the server, and whether it is reached by HTTP without TLS.
    ///   - roots: the certificate authorities that are trusted for the server.
    ///   - proxies: the proxy, if there is one.
    /// - Throws: an error of the address, of the proxy's address, or of the certificate authorities.
    package convenience init(
        to address: RelayAddress,
        trusting roots: TrustedRoots,
        by proxies: ProxySettings,
        limits: ClientLimits
    ) throws(PairingError) {
        self.init(to: try RelayHost(address, trusting: roots, by: proxies), limits: limits)
    }

    /// Makes a request. A caller that is cancelled gets the connection's end as its result.
    ///
    /// - Parameters:
    ///   - method: the method, such as `PUT`.
    ///   - target: path and query, percent-encoded.
    ///   - headers: the headers. `Host` may be missing, and is the host and port of the address then.
    ///   - timeout: the time for connecting, sending the request and receiving the whole answer.
    ///   - largest: the greatest length in bytes of the answer's body.
    package func request(
        _ method: String,
        _ target: String,
        headers: [(name: String, value: String)],
        body: [UInt8] = [],
        timeout: Duration,
        largest: Int
    ) async -> Result<HTTPAnswer, PairingError> {
        let headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        return await withTaskCancellationHandler {
            await ask(HTTPMethod(rawValue: method), target, headers, body: body, timeout: timeout, largest: largest)
        } onCancel: {
            close()
        }
    }

    /// Asks for a path by GET, with these headers besides `Host`.
    package func get(
        _ path: String,
        headers: KeyValuePairs<String, String> = [:],
        timeout: Duration
    ) async -> Result<HTTPAnswer, PairingError> {
        await ask(
            .GET,
            path,
            HTTPHeaders(headers.map { ($0.key, $0.value) }),
            body: [],
            timeout: timeout,
            isProbe: true
        )
    }

    /// Makes a request of long polling.
    package func post(_ path: String, body: [UInt8], timeout: Duration) async -> Result<HTTPAnswer, PairingError> {
        let headers: HTTPHeaders = ["Content-Type": RelayPath.bodyType, "Content-Length": "\(body.count)"]
        return await ask(.POST, path, headers, body: body, timeout: timeout)
    }

    private func ask(
        _ method: HTTPMethod,
        _ path: String,
        _ headers: HTTPHeaders,
        body: [UInt8],
        timeout: Duration,
        largest: Int = WireLimits.callBytes,
        isProbe: Bool = false
    ) async -> Result<HTTPAnswer, PairingError> {
        let seen = Seen()
        let start = ContinuousClock.now
        let asked = loop.flatSubmit { [channel] in
            // A long poll's body may come late, so only an answer to a probe is cut short.
            channel.call(
                method,
                path,
                headers,
                body: body,
                timeout: timeout,
                isProbe: isProbe,
                largest: largest
            ) { head in
                seen.value.withLock { $0 = (head, Clock.seconds) }
            }
        }
        guard let result = try? await asked.get() else { return .failure(.relayUnreachable(.unknown)) }
        let took = start.duration(to: .now)
        switch result {
        // A device that pairs would connect again, and a probe does not.
        case .unanswered(.connectionLost): return .failure(.relayUnreachable(.cut))
        case .unanswered(let error): return .failure(await host.explained(error, on: loop, limits: limits))
        case .answered(_, let body, _, _):
            guard let (head, clock) = seen.value.withLock({ $0 }) else {
                return .failure(.relayUnreachable(.unknown))
            }
            return .success(HTTPAnswer(head, body: body, took: took, clock: clock, from: host))
        }
    }

    /// Closes the connection. A running request fails.
    package func close() {
        loop.execute { [channel] in channel.close() }
    }
}
