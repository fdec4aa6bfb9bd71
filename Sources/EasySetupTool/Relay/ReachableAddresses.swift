import EasySetupRelay

/// Where other devices reach a relay that listens at every address of its machine: nobody can type `0.0.0.0` or `::` on
/// another device.
enum ReachableAddresses {
    /// How many addresses are told. A machine with containers has more, of which most lead nowhere from outside.
    private static let most = 4

    /// The numeric addresses of this machine that other machines may reach, IPv4 first.
    static var machine: [String] { MachineAddresses.current() }

    /// The lines for people; none where the relay listens at addresses that can be typed.
    /// - Parameters:
    ///   - bound: the addresses at which the relay listens.
    ///   - machine: the numeric addresses of this machine.
    ///   - isSecure: whether the relay has a certificate, so that devices must use the name in it.
    static func lines(_ bound: [BoundAddress], ofMachine machine: [String], isSecure: Bool) -> [String] {
        let every = bound.filter { $0.scope != nil }
        guard let first = every.first else { return [] }
        if isSecure { return ["Other devices reach it by the name in its certificate: wss://NAME:\(first.port)"] }
        let urls = machine.compactMap { host -> String? in
            let isV6 = host.contains(":")
            guard let match = every.first(where: { $0.host.contains(":") == isV6 }) else { return nil }
            return "ws://\(isV6 ? "[\(host)]" : host):\(match.port)"
        }
        guard !urls.isEmpty else {
            return ["No other device reaches it: this machine has no address on a network (hostname -I lists them)"]
        }
        let told = urls.prefix(most).joined(separator: " or ")
        let more = urls.count > most ? " (hostname -I lists all)" : ""
        return ["Other devices reach it at \(told)\(more), with --allow-plain, because it has no TLS"]
    }
}
