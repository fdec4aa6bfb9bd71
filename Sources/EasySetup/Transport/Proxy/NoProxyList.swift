package import EasySetupHandshake

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The hosts that are reached without a proxy, as `NO_PROXY` lists them, separated by commas or spaces.
///
/// `*` means every host; `example.org`, `.example.org` and `*.example.org` mean that name and all names below it; an IP
/// address means itself, and `10.0.0.0/8` means all addresses with that prefix; `:PORT` after any of them restricts it
/// to that port.
package struct NoProxyList: Sendable {
    private enum Pattern: Sendable {
        case all
        case name(String)
        case block([UInt8], bits: Int)
    }

    private let entries: [(pattern: Pattern, port: Int?)]

    /// Reads the value of `NO_PROXY`. Entries that can't be read are left out, because the value may have entries in
    /// forms that only other programs know.
    package init(_ text: String) {
        entries = text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).compactMap(Self.entry)
    }

    /// Whether an entry of `NO_PROXY` covers this relay's host and port, so that this device connects without a proxy.
    package func contains(_ relay: RelayAddress) -> Bool {
        let host = Self.name(relay.host.prefix { $0 != "%" })
        let bytes = Self.bytes(host)
        return entries.contains { entry in
            if let port = entry.port, port != relay.port { return false }
            switch entry.pattern {
            case .all: return true
            case .name(let name): return bytes == nil && (host == name || host.hasSuffix("." + name))
            case .block(let block, let bits):
                guard let bytes, bytes.count == block.count else { return false }
                return bytes.prefix(bits: bits) == block.prefix(bits: bits)
            }
        }
    }

    private static func entry(_ text: Substring) -> (pattern: Pattern, port: Int?)? {
        if text == "*" { return (.all, nil) }
        if let slash = text.firstIndex(of: "/") {
            guard let block = bytes(unbracketed(text[..<slash])), let bits = Int(text[slash...].dropFirst()),
                (0...block.count * 8).contains(bits)
            else { return nil }
            return (.block(block, bits: bits), nil)
        }
        // An entry of `NO_PROXY` may have an IPv6 address without brackets if no port follows.
        if let block = bytes(unbracketed(text)) { return (.block(block, bits: block.count * 8), nil) }
        guard let (host, port) = HostAndPort.split(text) else { return nil }
        if host == "*" { return (.all, port) }
        if let block = bytes(host) { return (.block(block, bits: block.count * 8), port) }
        let name = name(host.hasPrefix("*.") ? host.dropFirst(2) : host.hasPrefix(".") ? host.dropFirst() : host[...])
        return name.isEmpty ? nil : (.name(name), port)
    }

    /// The host name in lower case, without the final dot of an absolute name (`example.org.`).
    private static func name(_ text: Substring) -> String {
        let lowered = text.lowercased()
        return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
    }

    private static func unbracketed(_ text: Substring) -> String {
        String(text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text)
    }

    private static func bytes(_ text: String) -> [UInt8]? { IPAddress.bytes(text) }
}

/// Conversion of IP addresses to bytes.
enum IPAddress {
    /// The four or sixteen bytes of an address, without its zone; nil for any other text.
    static func bytes(_ text: String) -> [UInt8]? {
        let text = String(text.prefix { $0 != "%" })
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}

extension [UInt8] {
    fileprivate func prefix(bits: Int) -> [UInt8] {
        var bytes = Array(prefix((bits + 7) / 8))
        if bits % 8 > 0 { bytes[bytes.count - 1] &= 0xFF << UInt8(8 - bits % 8) }
        return bytes
    }
}
