import Dispatch
package import EasySetupPairingSession
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One address of a host, with a port.
package struct ProbedAddress: Sendable {
    let socket: SocketAddress
    /// Whether the address is one of IPv6.
    package let isIPv6: Bool
    /// The address and the port as text, as `127.0.0.1:8080` or `[::1]:8080`.
    package let text: String

    init(_ socket: SocketAddress) {
        self.socket = socket
        isIPv6 = socket.protocol == .inet6
        let (address, port) = (socket.ipAddress ?? "", socket.port ?? 0)
        text = isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}

/// The addresses of a host by family. A lookup fails where the name has no address of the family, too.
package struct HostAddresses: Sendable {
    package var ipv4: Result<[ProbedAddress], PairingError>
    package var ipv6: Result<[ProbedAddress], PairingError>

    /// All addresses, those of IPv4 first.
    package var all: [ProbedAddress] { ((try? ipv4.get()) ?? []) + ((try? ipv6.get()) ?? []) }
}

/// Looks at the host to which a device connects, the relay's or a proxy's: the addresses of its name, and its port.
package struct HostProbe: Sendable {
    package let host: String
    package let port: Int
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether the host is an IP address, so that there is no name to look up.
    package var isAddress: Bool { IPAddress.bytes(host) != nil }

    /// Looks up the addresses of both families, side by side.
    /// - Parameter limit: the time after which a lookup counts as unanswered.
    package func lookUp(limit: Duration) async -> HostAddresses {
        async let ipv4 = lookUp(AF_INET, limit)
        async let ipv6 = lookUp(AF_INET6, limit)
        return await HostAddresses(ipv4: ipv4, ipv6: ipv6)
    }

    private func lookUp(_ family: CInt, _ limit: Duration) async -> Result<[ProbedAddress], PairingError> {
        let promise = loop.makePromise(of: [SocketAddress].self)
        let timer = loop.scheduleTask(in: TimeAmount(limit)) {
            promise.fail(HostResolver.LookupError(number: EAI_AGAIN))
        }
        // The call blocks its thread for as long as the system's resolver takes.
        DispatchQueue(label: "easysetup.lookup").async { [host, port] in
            promise.completeWith(Result { try HostResolver.systemAddresses(of: host, port, family) })
        }
        defer { timer.cancel() }
        do {
            return .success(try await promise.futureResult.get().map(ProbedAddress.init))
        } catch let error as HostResolver.LookupError {
            return .failure(.relayUnreachable(Unreachable(lookup: error.number, of: host)))
        } catch {
            return .failure(.relayUnreachable(.nameLookup(host)))
        }
    }

    /// Makes a TCP connection to an address, and closes it.
    /// - Returns: the time that the connection took, or why there was none.
    package func connect(to address: ProbedAddress, limit: Duration) async -> Result<Duration, PairingError> {
        let start = ContinuousClock.now
        do {
            let channel = try await ClientBootstrap(group: loop).connectTimeout(TimeAmount(limit))
                .connect(to: address.socket).get()
            let took = start.duration(to: .now)
            channel.close(promise: nil)
            return .success(took)
        } catch {
            let cause = Unreachable(addressOf: address.socket, error: error) ?? Unreachable(error, to: host)
            return .failure(.relayUnreachable(cause))
        }
    }
}
