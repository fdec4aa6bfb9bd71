import Dispatch
import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks up a host's IPv4 and IPv6 addresses by two calls of `getaddrinfo`, side by side.
///
/// SwiftNIO's own resolver asks for both by one call, which returns when both are answered. Some name servers never
/// answer a question for IPv6 addresses (RFC 4074, 4.1), and behind them no relay would be reached. With two calls,
/// SwiftNIO can already connect to the addresses of one family while the other call still runs (RFC 8305, 3).
/// It would wait for the other addresses until the time to connect is over, even if the first addresses have all refused
/// the connection, and the cause told would be that nothing answered. So the wait for the others has a limit of its own.
final class HostResolver: NIOPosix.Resolver, Sendable {
    typealias LookUp = @Sendable (_ host: String, _ port: Int, _ family: CInt) throws -> [SocketAddress]

    private let loop: any EventLoop
    private let patience: TimeAmount
    private let addresses: LookUp
    /// The results of both questions.
    private let promises = Mutex<[CInt: EventLoopPromise<[SocketAddress]>]>([:])

    /// - Parameters:
    ///   - patience: the wait for the addresses of one family after those of the other have come.
    ///   - addresses: looks up the addresses of one family, and blocks its thread meanwhile.
    init(loop: any EventLoop, patience: TimeAmount, addresses: @escaping LookUp = HostResolver.systemAddresses) {
        self.loop = loop
        self.patience = patience
        self.addresses = addresses
    }

    /// The lookup of one address family failed, with this error number of `getaddrinfo`.
    struct LookupError: Error, Equatable {
        let number: CInt
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { lookUp(host, port, AF_INET) }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        lookUp(host, port, AF_INET6)
    }

    /// Does nothing, because `getaddrinfo` can't be cancelled. Each call ends by itself, and nobody waits for it.
    func cancelQueries() {}

    private func lookUp(_ host: String, _ port: Int, _ family: CInt) -> EventLoopFuture<[SocketAddress]> {
        let promise = loop.makePromise(of: [SocketAddress].self)
        promises.withLock { $0[family] = promise }
        promise.futureResult.whenSuccess { _ in self.wait(forOthersThan: family) }
        // Each call has a queue of its own, because a call may block its thread for longer than a whole attempt to
        // connect.
        DispatchQueue(label: "easysetup.lookup").async {
            promise.completeWith(Result { try self.addresses(host, port, family) })
        }
        return promise.futureResult
    }

    /// Takes the other question for unanswered when the time is over. A promise that has a result keeps it.
    private func wait(forOthersThan family: CInt) {
        loop.scheduleTask(in: patience) {
            let others = self.promises.withLock { $0.filter { $0.key != family } }
            for promise in others.values { promise.fail(LookupError(number: EAI_AGAIN)) }
        }
    }

    /// Looks up a host's addresses of one family, in the order in which the caller should try them (RFC 6724, 6). The
    /// call blocks its thread for as long as the system's resolver takes.
    @Sendable static func systemAddresses(of host: String, _ port: Int, _ family: CInt) throws -> [SocketAddress] {
        var hints = addrinfo()
        #if canImport(Glibc)
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_protocol = CInt(IPPROTO_TCP)
        hints.ai_family = family
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        guard status == 0 else { throw LookupError(number: status) }
        var addresses: [SocketAddress] = []
        var next = first
        while let info = next {
            let raw = UnsafeRawPointer(info.pointee.ai_addr)
            switch info.pointee.ai_family {
            case AF_INET: if let raw { addresses.append(.init(raw.loadUnaligned(as: sockaddr_in.self), host: host)) }
            case AF_INET6: if let raw { addresses.append(.init(raw.loadUnaligned(as: sockaddr_in6.self), host: host)) }
            default: break
            }
            next = info.pointee.ai_next
        }
        return addresses
    }
}
