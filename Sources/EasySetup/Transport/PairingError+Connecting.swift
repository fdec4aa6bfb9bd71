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
    /// The pairing error for a failed attempt to connect.
    init(connecting error: any Error, to host: String) {
        switch error {
        case let error as PairingError: self = error
        // Half an answer does not show which server sent it.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .relayUnreachable(.cut)
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notARelay(.notHTTP)
        // The server switches to another protocol, without a valid WebSocket handshake.
        case is NIOWebSocketUpgradeError, is NIOHTTPClientUpgradeError: self = .notARelay(.web(status: 101))
        default: self = .relayUnreachable(Unreachable(error, to: host))
        }
    }
}

extension Unreachable {
    /// The cause for an error of the network library.
    init(_ error: any Error, to host: String) {
        switch error {
        case let error as NIOConnectionError:
            if let lookup = (error.dnsAError ?? error.dnsAAAAError) as? SocketAddressError.UnknownHost {
                if let zone = host.firstIndex(of: "%") {
                    // The host is a numeric address, so the unknown name is that of the interface.
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

    /// The weight of an error when the addresses of one host fail in different ways. A refused connection tells the
    /// most, because it shows that the host is there; an address family that this network lacks tells the least.
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
