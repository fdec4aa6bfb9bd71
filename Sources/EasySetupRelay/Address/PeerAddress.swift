package import EasySetupRelayCore
package import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An IP address without a port. The relay uses addresses only for its limits, so the type has no description that
/// could get into a log (`Protocol/relay.md`, "Addresses").
package struct PeerAddress: Hashable, Sendable {
    /// The address's 4 bytes of IPv4 or 16 of IPv6. An IPv4 address mapped into IPv6 is stored as IPv4.
    let bytes: [UInt8]

    /// Makes an address of 4 bytes (IPv4) or 16 bytes (IPv6); nil for any other number of bytes.
    init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self.bytes = Array(bytes)
        case 16:
            let isMapped =
                bytes.prefix(10).allSatisfy { $0 == 0 } && bytes.dropFirst(10).prefix(2).allSatisfy { $0 == 0xFF }
            self.bytes = Array(isMapped ? bytes.dropFirst(12) : bytes[...])
        default:
            return nil
        }
    }

    /// The IP address of a socket address; nil for the address of a Unix socket.
    package init?(_ address: SocketAddress) {
        // The IP address's bytes are read at fixed offsets in the system's socket address, which are the same on all
        // systems. The names of its fields (RFC 3493) can't be used, because they belong to a module internal to
        // SwiftNIO.
        switch address {
        case .v4(let address):
            self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address):
            self.init(bytes: withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        case .unixDomainSocket:
            return nil
        }
    }

    /// Parses an address in text form: dotted decimal, or IPv6 (RFC 4291, 2.2) without brackets and zone. Nil for any
    /// other text, however long.
    init?(text: some Collection<UInt8>) {
        // The system's parser stops at a zero byte, and on some systems accepts zones. So text with other symbols than
        // these is refused first. 45 bytes is the longest form: six groups and an IPv4 address.
        guard text.count <= 45, text.allSatisfy({ Self.symbols.contains($0) }) else { return nil }
        let written = String(decoding: text, as: UTF8.self)
        let family = text.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
        var bytes = [UInt8](repeating: 0, count: family == AF_INET6 ? 16 : 4)
        guard inet_pton(family, written, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    private static let symbols = Set("0123456789abcdefABCDEF:.".utf8)

    /// The address prefix under which the relay counts this address for its limits.
    package var prefix: AddressPrefix? { AddressPrefix(bytes: bytes) }
}

extension PeerAddress: CustomStringConvertible, CustomReflectable {
    package var description: String { "PeerAddress" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
