import NIOCore
import Rendezvous

extension AddressPrefix {
    /// Whom limits count, from the socket's own address; a proxy's word is not asked for. Nil when it is no IP address.
    init?(_ address: SocketAddress) {
        // By offset (RFC 3493 fixes the fields, every system their place): the fields by name belong to a module of NIO's own.
        switch address {
        case .v4(let address):
            self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address):
            self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        case .unixDomainSocket:
            return nil
        }
    }
}
