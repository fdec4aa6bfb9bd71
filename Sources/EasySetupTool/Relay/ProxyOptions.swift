public import ArgumentParser
import EasySetupRelay

/// Options that say which proxies are trusted to tell a device's address (`Protocol/operating.md`, "Behind a proxy").
struct ProxyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A proxy that is believed about devices' addresses, as 127.0.0.1 or 10.0.0.0/8; may be given several times.",
            discussion: "Say with --forwarded-header or --proxy-protocol how it tells them.",
            valueName: "address"
        ),
        transform: AddressBlock.init(argument:)
    )
    var trustedProxy: [AddressBlock] = []

    @Option(
        help: ArgumentHelp(
            "The header that these proxies write.",
            discussion: "The other one is not read: a proxy passes it on as a client made it up.",
            valueName: "header"
        )
    )
    var forwardedHeader: ForwardedHeader?

    @Flag(
        inversion: .prefixedNo,
        help: "These proxies begin each connection with a PROXY header, version 2; no others may connect."
    )
    var proxyProtocol: Bool?

    func validate() throws {
        let isTold = forwardedHeader != nil || proxyProtocol == true
        guard trustedProxy.isEmpty == !isTold else {
            throw ValidationError(
                isTold
                    ? "--forwarded-header and --proxy-protocol need --trusted-proxy."
                    : "--trusted-proxy needs --forwarded-header or --proxy-protocol."
            )
        }
    }

    var trusted: TrustedProxies {
        TrustedProxies(at: trustedProxy, header: forwardedHeader, usesProxyProtocol: proxyProtocol ?? false)
    }
}

extension AddressBlock {
    /// Parses the argument like ``init(_:)``.
    /// - Throws: `ValidationError`, which says what is wrong. It repeats nothing of the argument.
    init(argument: String) throws {
        guard let block = Self(argument) else { throw ValidationError(Self.fault(in: argument)) }
        self = block
    }

    private static func fault(in text: String) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.first.flatMap({ Self(String($0)) }) != nil else {
            return "A proxy is named by its address in numbers, not by a name, and without a port."
        }
        let most = parts[0].contains(":") ? 128 : 32
        guard parts.count == 2, let length = Int(parts[1]), 0...most ~= length else {
            return "The length behind the slash is 0 to \(most)."
        }
        return "The address has bits behind the length of the block: leave the length out, or set these bits to zero."
    }
}

extension ForwardedHeader: ExpressibleByArgument {}
