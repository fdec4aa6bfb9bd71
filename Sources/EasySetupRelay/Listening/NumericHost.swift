#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Checks a host that an operator wrote as an IP address, before the system's resolver reads it.
enum NumericHost {
    /// The fault of an address that the system would refuse without a reason, or would read in another way than
    /// the operator meant. Nil for any other address, and for host names.
    static func problem(_ host: String) -> RelayError.ListenProblem? {
        guard host.contains(":") else { return isOldForm(host) ? .oldForm : nil }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = ipv6(String(parts[0])) else { return nil }
        // The relay's IPv6 sockets accept only IPv6, so the system refuses to bind one to an IPv4 address mapped into
        // IPv6.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10...11] == [0xFF, 0xFF] { return .mappedAddress }
        guard parts.count == 2 else { return nil }
        // Nobody can connect to a multicast address. ``Resolver`` reports this error for one without a zone, so one
        // with a zone gets the same error.
        guard bytes[0] != 0xFF else { return .addressNotAvailable }
        guard bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 else { return .needlessZone }
        return isInterface(String(parts[1])) ? nil : .unknownZone
    }

    /// Whether this is an IPv4 address in a form that some programs refuse or read in another way: the system's
    /// resolver takes `010.0.0.1` for 8.0.0.1, and `127.1` for 127.0.0.1.
    private static func isOldForm(_ host: String) -> Bool {
        withUnsafeTemporaryAllocation(of: in_addr.self, capacity: 1) { address in
            inet_aton(host, address.baseAddress) != 0 && inet_pton(AF_INET, host, address.baseAddress) != 1
        }
    }

    private static func ipv6(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// Whether a zone is the name or the number of a network interface of this machine.
    private static func isInterface(_ zone: String) -> Bool {
        if if_nametoindex(zone) != 0 { return true }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        return UInt32(zone).map { if_indextoname($0, &name) != nil } ?? false
    }
}
