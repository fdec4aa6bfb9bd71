import NIOCore

/// The addresses of this machine.
package enum MachineAddresses {
    /// The numeric addresses that other machines may reach, IPv4 first and each once: none of loopback, and none that is
    /// link-local, which is no address without the name of an interface. Empty if the system does not tell them.
    package static func current() -> [String] {
        let all = ((try? System.enumerateDevices()) ?? []).compactMap(\.address?.ipAddress)
        let addresses = all.filter(isReachable)
        var seen: Set<String> = []
        return (addresses.filter { !$0.contains(":") } + addresses.filter { $0.contains(":") })
            .filter { seen.insert($0).inserted }
    }

    static func isReachable(_ address: String) -> Bool {
        if !address.contains(":") {
            return !address.hasPrefix("127.") && !address.hasPrefix("169.254.") && address != "0.0.0.0"
        }
        let isLinkLocal = ["fe8", "fe9", "fea", "feb"].contains { address.lowercased().hasPrefix($0) }
        return !isLinkLocal && address != "::1" && address != "::" && !address.contains("%")
    }
}
