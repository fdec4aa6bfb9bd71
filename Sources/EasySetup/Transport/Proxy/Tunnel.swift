package import EasySetupPairingSession
import NIOCore
import NIOTLS

/// An incremental reader of a proxy's answer to CONNECT. It does no I/O: ``TunnelHandler`` passes it the bytes.
///
/// The CONNECT handler of swift-nio-extras is not used, because it sets no limit to the length of the answer's head and
/// does not report `Retry-After`.
package struct TunnelAnswer {
    /// The proxy's answer to CONNECT, as far as the bytes that have arrived tell it.
    package enum Step: Equatable {
        case more
        /// The tunnel is open. The bytes in `rest` came after the proxy's answer, so the relay sent them.
        case open(rest: [UInt8])
        case failed(PairingError)
    }

    private let limit: Int
    private let isCredentialed: Bool
    private var head: [UInt8] = []
    /// The number of interim answers (HTTP status 1xx) so far.
    private var interimAnswers = 0

    /// - Parameters:
    ///   - limit: the longest head of an answer that is accepted, in bytes, interim answers included.
    ///   - isCredentialed: whether this device sent the proxy a user name and password.
    package init(limit: Int, isCredentialed: Bool) {
        self.limit = limit
        self.isCredentialed = isCredentialed
    }

    /// Takes the next bytes from the proxy, and returns what is known of the proxy's answer after them.
    ///
    /// - Parameter now: seconds since 1970.
    package mutating func read(_ bytes: some Sequence<UInt8>, now: Int) -> Step {
        head += bytes
        let start = Array("HTTP/1.".utf8)
        while true {
            guard head.starts(with: start.prefix(head.count)) else { return .failed(.proxyFailed(.garbled)) }
            guard let end = head.headEnd else {
                return head.count > limit ? .failed(.proxyFailed(.garbled)) : .more
            }
            guard end <= limit else { return .failed(.proxyFailed(.garbled)) }
            let lines = String(decoding: head[..<end], as: UTF8.self).split { $0.isNewline }
            head.removeFirst(end)
            let words = lines[0].split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[1].utf8.count == 3, words[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let status = Int(words[1]), status >= 100
            else { return .failed(.proxyFailed(.garbled)) }
            // A status below 200 is an interim answer, after which another answer follows. A proxy that sends sixteen
            // of them will not give a tunnel.
            if status < 200, status != 101 {
                interimAnswers += 1
                guard interimAnswers < 16 else { return .failed(.proxyFailed(.garbled)) }
                continue
            }
            if (200..<300).contains(status) { return .open(rest: head) }
            let wait = Self.values(of: "retry-after", in: lines).first.flatMap { RetryAfter.wait($0, now: now) }
            let schemes = Self.values(of: "proxy-authenticate", in: lines).flatMap(Self.schemes)
            return .failed(error(status, retryAfter: wait ?? .zero, schemes: schemes))
        }
    }

    private static func values(of name: String, in lines: [Substring]) -> [String] {
        lines.dropFirst().filter { $0.lowercased().hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// The authentication schemes of a `Proxy-Authenticate` header (RFC 9110, 11.7.1), which is a list of challenges
    /// whose parameters are separated by commas, too. The proxy chooses the names, so only those of letters, digits and
    /// hyphens are returned.
    private static func schemes(_ header: String) -> [String] {
        // Quoted strings are removed first, because they may contain commas.
        let bare = header.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset.isMultiple(of: 2) ? $0.element : "" }.joined()
        return bare.split(separator: ",").compactMap { part in
            let words = part.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let scheme = words.first, words.dropFirst().first?.hasPrefix("=") != true,
                scheme.utf8.count <= 32, scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
            else { return nil }
            return String(scheme)
        }
    }

    private func error(_ status: Int, retryAfter: Duration, schemes: [String]) -> PairingError {
        switch status {
        case 407 where !schemes.isEmpty && !schemes.contains(where: { $0.lowercased() == "basic" }):
            .proxyFailed(.otherCredentials(schemes: Array(schemes.prefix(3))))
        case 407: .proxyFailed(.credentials(given: isCredentialed))
        // A network with a sign-in page may answer in the proxy's place.
        case 301, 302, 303, 307, 308, 511: .notARelay(.signIn)
        case 408, 429, 500, 502, 503, 504, 520...530:
            .proxyFailed(.reachesNothing(status: status, retryAfter: retryAfter))
        default: .proxyFailed(.refuses(status: status))
        }
    }
}

extension [UInt8] {
    /// The index after the empty line that ends an HTTP head; nil if that line has not arrived yet.
    fileprivate var headEnd: Int? {
        var lineIsEmpty = false
        for (index, byte) in enumerated() {
            switch byte {
            case UInt8(ascii: "\n"):
                if lineIsEmpty { return index + 1 }
                lineIsEmpty = true
            case UInt8(ascii: "\r"): break
            default: lineIsEmpty = false
            }
        }
        return nil
    }
}

/// Asks a proxy for a tunnel to the relay. The later handlers of the pipeline see a connection that becomes active when
/// the tunnel is open.
final class TunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: ProxyAddress
    private let authority: String
    private let attempt: Attempt
    private var answer: TunnelAnswer
    private var isOpen = false
    private var isOver = false

    init(through proxy: ProxyAddress, to authority: String, limits: ClientLimits, attempt: Attempt) {
        self.proxy = proxy
        self.authority = authority
        self.attempt = attempt
        answer = TunnelAnswer(limit: limits.proxyAnswer, isCredentialed: proxy.credentials != nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        attempt.phase = .tunnelling
        if !proxy.isTLS { ask(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if !isOpen, case .handshakeCompleted? = event as? TLSUserEvent { return ask(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func ask(_ context: ChannelHandlerContext) {
        let request = ByteBuffer(string: proxy.request(for: authority))
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOpen { return context.fireChannelRead(data) }
        if isOver { return }
        switch answer.read(unwrapInboundIn(data).readableBytesView, now: Clock.seconds) {
        case .more: break
        case .failed(let error): end(context, error)
        case .open(let rest):
            isOpen = true
            attempt.phase = .securing
            context.fireChannelActive()
            if !rest.isEmpty { context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: rest))) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isOpen { return context.fireErrorCaught(error) }
        end(context, .proxyFailed(.unreachable(Unreachable(error, to: proxy.host))))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOpen { attempt.fail(.proxyFailed(.cut)) }
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ error: PairingError) {
        guard !isOver else { return }
        isOver = true
        attempt.fail(error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}
