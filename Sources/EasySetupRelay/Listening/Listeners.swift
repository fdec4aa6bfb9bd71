import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Opens a relay's sockets that listen: at all addresses that it was told, or at none.
struct Listeners {
    let logger: Logger
    /// How many sockets share each address: one for each core, and the system gives each connection to one of them.
    let cores: Int
    /// Any of the relay's loops.
    let loop: any EventLoop
    /// How a socket for the core with this index is opened.
    let bootstrap: (_ core: Int) -> ServerBootstrap

    /// Port 0 for several addresses takes a port that is free at the first, and it may be taken at another.
    private static let tries = 16

    /// The sockets, in the order of the places.
    func open(_ places: [Resolver.ResolvedAddress]) async throws(RelayError) -> [any Channel] {
        var listeners: [any Channel] = []
        do throws(RelayError) {
            for place in places { listeners += try await open(place) }
            return listeners
        } catch {
            await close(listeners)
            throw error
        }
    }

    private func open(_ place: Resolver.ResolvedAddress) async throws(RelayError) -> [any Channel] {
        for attempt in 1... {
            var listeners: [any Channel] = []
            var port: Int?
            do throws(RelayError) {
                for address in place.addresses {
                    var address = address
                    if let port { address.port = port }
                    do throws(RelayError) {
                        listeners += try await open(address)
                        port = listeners[0].localAddress?.port
                    } catch {
                        // Nobody has asked for IPv6 by an address.
                        guard place.mayLackIPv6, await lacksIPv6(address, error) else { throw error }
                        logger.notice("this machine has no IPv6: the relay listens on IPv4 alone there")
                    }
                }
                guard !listeners.isEmpty else {
                    throw .cannotListen(host: place.wanted.host ?? "*", port: place.wanted.port, .addressNotAvailable)
                }
                return listeners
            } catch {
                await close(listeners)
                guard case .cannotListen(_, _, .addressInUse) = error, place.wanted.port == 0, attempt < Self.tries
                else {
                    throw error
                }
            }
        }
        throw .stopped
    }

    private func open(_ address: SocketAddress) async throws(RelayError) -> [any Channel] {
        var listeners: [any Channel] = []
        var address = address
        do {
            // Only sockets that share a port may listen there together, another relay's of the same user among them. It had better hear
            // that the port is taken. Of ports that the system chooses, none is.
            if cores > 1, address.port != 0 {
                let alone = ServerBootstrap(group: loop).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                try await withFamily(alone, address).bind(to: address).get().close()
            }
            for core in 0..<cores {
                listeners.append(try await withFamily(bootstrap(core), address).bind(to: address).get())
                if let port = listeners[0].localAddress?.port { address.port = port }
            }
            return listeners
        } catch {
            await close(listeners)
            guard let bound = address.bound else { throw .cannotListen(host: address.description, port: 0, .other) }
            let cause = RelayError.Cause(error)
            // The system calls it an invalid argument.
            let lacksZone = cause == .system(EINVAL) && bound.isLinkLocal && !bound.host.contains("%")
            throw .cannotListen(host: bound.host, port: bound.port, lacksZone ? .needsZone : cause)
        }
    }

    /// A socket of IPv6 takes IPv6 only, whatever the system's setting is: IPv4 has sockets of its own.
    private func withFamily(_ bootstrap: ServerBootstrap, _ address: SocketAddress) -> ServerBootstrap {
        guard case .v6 = address else { return bootstrap }
        return bootstrap.serverChannelOption(
            ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
            value: 1
        )
    }

    private func lacksIPv6(_ address: SocketAddress, _ error: RelayError) async -> Bool {
        guard case .v6 = address, case .cannotListen(_, _, let cause) = error else { return false }
        switch cause {
        case .noSuchFamily: return true
        // It may be another machine's. The loopback's is every machine's that has any.
        case .addressNotAvailable where address.ipAddress != "::": return await !hasLoopbackOfIPv6()
        case .addressNotAvailable: return true
        default: return false
        }
    }

    private func hasLoopbackOfIPv6() async -> Bool {
        guard let listener = try? await ServerBootstrap(group: loop).bind(host: "::1", port: 0).get() else {
            return false
        }
        await close([listener])
        return true
    }

    private func close(_ listeners: [any Channel]) async {
        for listener in listeners { try? await listener.close() }
    }
}

extension NIOBSDSocket.Option {
    /// Lets several sockets of one user listen at the same port. NIO has no name for it.
    static let reusePort = Self(rawValue: SO_REUSEPORT)
}
