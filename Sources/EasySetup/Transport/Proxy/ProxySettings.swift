import EasySetupHandshake
import EasySetupPairingSession

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The settings by which a device chooses an HTTP proxy. A relay on this machine is always reached without a proxy,
/// because a `ws` connection is not encrypted and must not leave the machine.
public struct ProxySettings: Sendable {
    private enum Choice: Sendable {
        case environment
        case none
        case fixed(ProxyAddress, exceptFor: NoProxyList)
    }

    private let choice: Choice
    /// The certificate authorities trusted for a proxy that is reached over TLS.
    let roots: TrustedRoots

    /// The proxy that the environment variables name, as curl reads them. A `wss` address takes `https_proxy` or
    /// `HTTPS_PROXY`. A `ws` address takes `http_proxy` in lower case alone, because a web server gives CGI programs a
    /// client's `Proxy` header as `HTTP_PROXY`. If these are not set, both take `all_proxy` or `ALL_PROXY`. The hosts
    /// in `no_proxy` or `NO_PROXY` are reached without a proxy. An empty variable means no proxy.
    public static let environment = ProxySettings(choice: .environment, roots: .system)

    /// No proxy, whatever the environment variables say.
    public static let none = ProxySettings(choice: .none, roots: .system)

    /// Uses this proxy.
    ///
    /// - Parameters:
    ///   - address: the proxy's address.
    ///   - hosts: the hosts that are reached without the proxy, written as in `NO_PROXY`.
    ///   - roots: the certificate authorities trusted for a proxy that is reached over TLS.
    public static func proxy(
        _ address: ProxyAddress,
        exceptFor hosts: String = "",
        roots: TrustedRoots = .system
    ) -> ProxySettings {
        ProxySettings(choice: .fixed(address, exceptFor: NoProxyList(hosts)), roots: roots)
    }

    private init(choice: Choice, roots: TrustedRoots) {
        self.choice = choice
        self.roots = roots
    }

    /// The proxy for this relay; nil where the relay is reached directly.
    ///
    /// - Throws: ``PairingError/proxyAddress(_:)``.
    func proxy(to relay: RelayAddress) throws(PairingError) -> ProxyAddress? {
        switch choice {
        case .none: return nil
        case .fixed(let address, let hosts): return relay.isLoopback || hosts.contains(relay) ? nil : address
        case .environment:
            return try Self.proxy(to: relay) { name in getenv(name).map { String(cString: $0) } }
        }
    }

    /// The environment variable that names a proxy for this relay; nil if none is set, or if it is set to nothing. Whether
    /// the proxy is used is another matter: see ``proxy(to:variable:)``.
    /// - Parameter variable: gives the value of the variable with this name; nil if it is not set.
    package static func variable(for relay: RelayAddress, variable: (String) -> String?) -> String? {
        let name = names(for: relay).first { variable($0) != nil }
        return name.flatMap(variable)?.allSatisfy(\.isWhitespace) == false ? name : nil
    }

    /// The names of the environment variables that may name a proxy for this relay. The first one that is set counts.
    private static func names(for relay: RelayAddress) -> [String] {
        (relay.isPlain ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]) + ["all_proxy", "ALL_PROXY"]
    }

    /// The proxy that the environment variables name for this relay; nil if the relay is reached directly.
    /// - Parameter variable: gives the value of the variable with this name; nil if it is not set.
    static func proxy(
        to relay: RelayAddress,
        variable: (String) -> String?
    ) throws(PairingError) -> ProxyAddress? {
        guard !relay.isLoopback else { return nil }
        guard let url = first(names(for: relay), variable), !url.allSatisfy(\.isWhitespace) else { return nil }
        if let hosts = first(["no_proxy", "NO_PROXY"], variable), NoProxyList(hosts).contains(relay) { return nil }
        return try ProxyAddress(url: url)
    }

    private static func first(_ names: [String], _ variable: (String) -> String?) -> String? {
        for name in names { if let value = variable(name) { return value } }
        return nil
    }
}
