import EasySetupPairingSession
import NIOCore
import NIOSSL

/// The certificate that the server has shown. This type refuses certificates that the TLS library accepts and the protocol does
/// not, and explains the library's refusals. The library alone decides about trust: this type can't make a rejected
/// certificate trusted.
///
/// The library gives no reason, so this type reads the certificate itself. The library's callback that could tell the reason
/// takes over the decision, and its older callback crashes on some chains that a stranger can send. ``SentChain`` explains the
/// other certificates.
struct ShownCertificate {
    private let tls: NIOSSLClientHandler
    private let host: String
    private let roots: TrustedRoots
    private let isTunnelled: Bool

    /// - Parameters:
    ///   - host: a name or an IP address.
    ///   - isTunnelled: whether the socket leads to a proxy, so that the library can't compare addresses.
    init(_ tls: NIOSSLClientHandler, host: String, roots: TrustedRoots, isTunnelled: Bool = false) {
        self.tls = tls
        self.host = host
        self.roots = roots
        self.isTunnelled = isTunnelled
    }

    /// The reason to refuse a certificate that the library accepts: it has no subject alternative name; or, behind a
    /// proxy, it is for another IP address, because there the library compares no IP addresses.
    var fault: Untrusted? {
        guard let certificate = tls.peerCertificate else { return .unfit }
        let names = certificate._subjectAlternativeNames()
        if names.isEmpty { return .noNames }
        if isTunnelled, let address = IPAddress.bytes(host) {
            let isNamed = names.contains { $0.nameType == .ipAddress && $0.contents.elementsEqual(address) }
            if !isNamed { return .wrongName(host: host, names: Self.shown(names)) }
        }
        return nil
    }

    /// The cause for an error of the TLS handshake.
    func explained(_ error: any Error) -> PairingError {
        switch error {
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate: return .relayUntrusted(wrongName)
        case NIOSSLError.noCertificateToValidate: return .relayUntrusted(.unfit)
        case NIOSSLError.handshakeFailed(.sslError(let reasons)):
            // The library makes only the names of the reasons public.
            let names = reasons.map(\.description)
            func has(_ parts: String...) -> Bool { names.contains { name in parts.contains { name.contains($0) } } }
            if has("CERTIFICATE_VERIFY_FAILED") { return .relayUntrusted(unverified) }
            if reasons.contains(.eofDuringHandshake) { return .relayUnreachable(.tlsCut) }
            if has(
                "ALERT_HANDSHAKE_FAILURE",
                "PROTOCOL_VERSION",
                "UNSUPPORTED_PROTOCOL",
                "INSUFFICIENT_SECURITY",
                "WRONG_SIGNATURE_TYPE",
                "UNSUPPORTED_CERTIFICATE",
                "UNKNOWN_CERTIFICATE_TYPE",
                "WRONG_CERTIFICATE_TYPE",
                "UNKNOWN_CIPHER",
                "WRONG_CIPHER",
                "BAD_ECC_CERT",
                "UNKNOWN_KEY"
            ) {
                return .relayUnreachable(.tlsMismatch)
            }
            return .relayUnreachable(.tlsFailed)
        case is NIOSSLError: return .relayUnreachable(.tlsFailed)
        default:
            let error = PairingError(connecting: error, to: host)
            return error == .relayUnreachable(.cut) ? .relayUnreachable(.tlsCut) : error
        }
    }

    private var wrongName: Untrusted {
        guard let names = tls.peerCertificate?._subjectAlternativeNames() else { return .unfit }
        return names.isEmpty ? .noNames : .wrongName(host: host, names: Self.shown(names))
    }

    /// The reason why a chain was not verified, as far as its first certificate and this device's authorities show.
    private var unverified: Untrusted {
        guard let certificate = tls.peerCertificate else { return .unfit }
        return SentChain([certificate]).fault(authorities: roots.authorities, now: Clock.seconds)
    }

    /// The first three names at most, because a certificate may have a hundred.
    private static func shown(_ names: _SubjectAlternativeNames) -> [String] {
        let readable = names.lazy.compactMap { name -> String? in
            switch name.nameType {
            case .dnsName: return SentChain.safe(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress:
                return try? SocketAddress(packedIPAddress: ByteBuffer(bytes: name.contents), port: 0).ipAddress
            default: return nil
            }
        }
        let first = Array(readable.prefix(4))
        return first.count > 3 ? first.prefix(3) + ["others"] : first
    }
}
