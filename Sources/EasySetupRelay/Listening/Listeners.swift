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

/// Opens the listening sockets of a relay. Either all addresses get sockets, or none.
struct Listeners {
    let logger: Logger
    /// How many sockets share each address, one for each core. The system assigns each new connection to one of the
    /// sockets.
    let cores: Int
    /// An event loop of the relay, for sockets that are opened only as a test.
    let loop: any EventLoop
    /// Makes the bootstrap for a listening socket of the core with this index.
    let bootstrap: (_ core: Int) -> ServerBootstrap

    /// How often, at most, the relay tries to open the sockets of a ``ListenAddress`` with port 0 and several
    /// addresses. All must get one port, but the port that the system chose for the first address may be taken at
    /// another.
    private static let tries = 16

    /// Opens the sockets for all these addresses, and returns them in the order of the addresses.
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

    /// Serves on sockets that another program opened, in their order. The cores take turns: SwiftNIO does not let two
    /// event loops accept connections from one socket. On an error the sockets that were served on are closed.
    /// - Parameter sockets: descriptors that the caller gives away.
    func adopt(_ sockets: [CInt]) async throws(RelayError) -> [any Channel] {
        var listeners: [any Channel] = []
        if sockets.count < cores {
            logger.warning(
                "some cores serve no device: the socket unit should have each address once for each core, and ReusePort=yes",
                metadata: ["sockets": "\(sockets.count)", "cores": "\(cores)"]
            )
        }
        for (index, socket) in sockets.enumerated() {
            guard InheritedSocket.isListening(socket) else {
                await close(listeners)
                throw .notListening(descriptor: socket)
            }
            do {
                listeners.append(try await bootstrap(index % cores).withBoundSocket(socket).get())
            } catch {
                await close(listeners)
                throw .notListening(descriptor: socket)
            }
        }
        return listeners
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
                        // A machine without IPv6 is no error here, because the operator did not name an IPv6 address.
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
                guard case .cannotListen(_, _, .addressInUse) = error.kind, place.wanted.port == 0, attempt < Self.tries
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
            // Sockets of several cores need SO_REUSEPORT, with which another relay of the same user could share the
            // port unnoticed. So the port is bound without that option first, to learn whether it is taken. A port that
            // the system chooses is never taken.
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
            let cause = RelayError.ListenProblem(error)
            // If a link-local address lacks its zone, the system reports an invalid argument.
            let lacksZone = cause == .system(EINVAL) && bound.isLinkLocal && !bound.host.contains("%")
            throw .cannotListen(host: bound.host, port: bound.port, lacksZone ? .needsZone : cause)
        }
    }

    /// Makes an IPv6 socket accept only IPv6, whatever the system's default is, because the relay opens other sockets
    /// for IPv4 addresses.
    private func withFamily(_ bootstrap: ServerBootstrap, _ address: SocketAddress) -> ServerBootstrap {
        guard case .v6 = address else { return bootstrap }
        return bootstrap.serverChannelOption(
            ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
            value: 1
        )
    }

    private func lacksIPv6(_ address: SocketAddress, _ error: RelayError) async -> Bool {
        guard case .v6 = address, case .cannotListen(_, _, let cause) = error.kind else { return false }
        switch cause {
        case .noSuchFamily: return true
        // The machine may lack IPv6, or may lack only the address that the relay could not bind. Every machine with
        // IPv6 has the loopback address `::1`. So the machine lacks IPv6 if the relay can't bind `::1` either.
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
    /// The socket option that lets several sockets of one user listen on the same port. SwiftNIO has no name for the
    /// option.
    static let reusePort = Self(rawValue: SO_REUSEPORT)
}
