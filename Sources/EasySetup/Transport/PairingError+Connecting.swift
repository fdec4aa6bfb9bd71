import EasySetupPairingSession
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension PairingError {
    /// Explains an error that ended an attempt to connect to this host.
    init(connecting error: any Error, to host: String) {
        switch error {
        case let error as PairingError: self = error
        // The connection ended in the middle of an answer. Half an answer does not show whether a relay sent it.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .relayUnreachable(.cut)
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notARelay(.notHTTP)
        // The server answered with status 101 (Switching Protocols), but without a valid WebSocket handshake.
        case is NIOWebSocketUpgradeError, is NIOHTTPClientUpgradeError: self = .notARelay(.web(status: 101))
        default: self = .relayUnreachable(Unreachable(error, to: host))
        }
    }
}

extension Unreachable {
    /// The cause for an error of SwiftNIO.
    init(_ error: any Error, to host: String) {
        switch error {
        case let error as NIOConnectionError:
            if let lookup = (error.dnsAError ?? error.dnsAAAAError) as? SocketAddressError.UnknownHost {
                if let zone = host.firstIndex(of: "%") {
                    // The host is an IPv6 address with a zone, so the name that the system does not know is the zone:
                    // the name of a network interface.
                    self = .zoneUnknown(String(host[zone...].dropFirst()))
                } else {
                    self = lookup.errorCode == Int(EAI_AGAIN) ? .nameLookup(host) : .nameUnknown(host)
                }
            } else {
                let causes = error.connectionErrors.map { Unreachable($0.error, to: host) }
                self = causes.max { $0.weight < $1.weight } ?? .unknown
            }
        case ChannelError.connectTimeout: self = .noAnswer
        case let error as IOError: self.init(number: error.errnoCode)
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.inputClosed, ChannelError.alreadyClosed,
            ChannelError.inappropriateOperationForState:
            self = .cut
        default: self = .unknown
        }
    }

    private init(number: CInt) {
        switch number {
        case ECONNREFUSED: self = .refused
        case ETIMEDOUT: self = .noAnswer
        case EHOSTUNREACH, EHOSTDOWN: self = .noRoute
        case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: self = .noNetwork
        case ECONNRESET, EPIPE, ECONNABORTED: self = .cut
        case EACCES, EPERM: self = .forbiddenHere
        default: self = .system(number)
        }
    }

    /// How much an error tells about a host. A host may have several addresses that fail in different ways; the error
    /// with the greatest weight is shown. A refused connection tells the most, because it shows that the host is there.
    /// An address family that this network lacks tells the least.
    private var weight: Int {
        switch self {
        case .refused, .cut: 5
        case .forbiddenHere: 4
        case .noAnswer: 3
        case .noRoute: 2
        case .noNetwork: 1
        default: 0
        }
    }
}
