import EasySetupPairingSession
import NIOCore
import NIOSSL

/// The certificate that a server has shown in the TLS handshake. This type refuses certificates that BoringSSL accepts
/// and the protocol does not, and explains BoringSSL's rejections. BoringSSL alone decides about trust: this type can't
/// make a rejected certificate trusted.
///
/// SwiftNIO SSL does not say why BoringSSL rejected a certificate, so this type reads the certificate itself. SwiftNIO
/// SSL's verification callback could tell the reason, but a program that sets it takes over the decision. Its older
/// callback crashes on some certificate chains that a stranger can send. ``SentChain`` explains the other certificates.
struct ShownCertificate {
    private let tls: NIOSSLClientHandler
    private let host: String
    private let roots: TrustedRoots
    private let isTunnelled: Bool

    /// - Parameters:
    ///   - host: the host name or IP address for which the certificate must be.
    ///   - isTunnelled: whether the socket leads to a proxy, so that SwiftNIO SSL can't compare the relay's IP address
    ///     with the certificate.
    init(_ tls: NIOSSLClientHandler, host: String, roots: TrustedRoots, isTunnelled: Bool = false) {
        self.tls = tls
        self.host = host
        self.roots = roots
        self.isTunnelled = isTunnelled
    }

    /// The reason to refuse a certificate that BoringSSL accepts; nil if there is none. A certificate is refused if it
    /// has no subject alternative name. Behind a proxy it is refused if it is for another IP address, because SwiftNIO
    /// SSL does not compare IP addresses there.
    var fault: Untrusted? {
        guard let certificate = tls.peerCertificate else { return .unfit }
        let names = certificate._subjectAlternativeNames()
        if names.isEmpty { return .noNames }
        if isTunnelled, let address = IPAddress.bytes(host) {
            let isNamed = names.contains { $0.nameType == .ipAddress && $0.contents.elementsEqual(address) }
            if !isNamed { return wrongName(names) }
        }
        return nil
    }

    /// The pairing error that explains an error of the TLS handshake.
    func explained(_ error: any Error) -> PairingError {
        switch error {
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate:
            return .relayUntrusted((tls.peerCertificate?._subjectAlternativeNames()).map(wrongName) ?? .unfit)
        case NIOSSLError.noCertificateToValidate: return .relayUntrusted(.unfit)
        case NIOSSLError.handshakeFailed(.sslError(let reasons)), BoringSSLError.sslError(let reasons):
            return explained(reasons)
        case is NIOSSLError: return .relayUnreachable(.tlsFailed)
        default:
            let error = PairingError(connecting: error, to: host)
            return error == .relayUnreachable(.cut) ? .relayUnreachable(.tlsCut) : error
        }
    }

    private func explained(_ reasons: NIOBoringSSLErrorStack) -> PairingError {
        // SwiftNIO SSL makes only the names of BoringSSL's error codes public.
        let names = reasons.map(\.description)
        func has(_ parts: String...) -> Bool { names.contains { name in parts.contains { name.contains($0) } } }
        if has("CERTIFICATE_VERIFY_FAILED") {
            return .relayUntrusted(unverified(isBadlySigned: has("BAD_SIGNATURE")))
        }
        if has("KEY_USAGE_BIT_INCORRECT") { return .relayUntrusted(.wrongUse) }
        if reasons.contains(.eofDuringHandshake) { return .relayUnreachable(.tlsCut) }
        if has("ALERT_CERTIFICATE_REQUIRED", "ALERT_NO_CERTIFICATE") { return .relayUnreachable(.clientCertificate) }
        // A server shows its certificate only after it has agreed to a version and a cipher. So an alert from the list
        // below, when it comes after the certificate, means that the server asked for a client certificate, which this
        // program did not send.
        if tls.peerCertificate != nil,
            has(
                "ALERT_HANDSHAKE_FAILURE",
                "ALERT_BAD_CERTIFICATE",
                "ALERT_UNSUPPORTED_CERTIFICATE",
                "ALERT_CERTIFICATE_UNKNOWN",
                "ALERT_UNKNOWN_CA",
                "ALERT_ACCESS_DENIED"
            )
        {
            return .relayUnreachable(.clientCertificate)
        }
        if has("UNRECOGNIZED_NAME") { return .notARelay(.misdirected) }
        if has("WRONG_VERSION_NUMBER") { return .relayUnreachable(.noTLS) }
        if has(
            "ALERT_HANDSHAKE_FAILURE",
            "PROTOCOL_VERSION",
            "UNSUPPORTED_PROTOCOL",
            "INSUFFICIENT_SECURITY",
            "WRONG_SIGNATURE_TYPE",
            "NO_COMMON_SIGNATURE_ALGORITHMS",
            "UNSUPPORTED_CERTIFICATE",
            "UNKNOWN_CERTIFICATE_TYPE",
            "WRONG_CERTIFICATE_TYPE",
            "UNKNOWN_CIPHER",
            "WRONG_CIPHER",
            "WRONG_CURVE",
            "UNSUPPORTED_ELLIPTIC_CURVE",
            "BAD_ECC_CERT",
            "UNKNOWN_KEY",
            // Errors of BoringSSL's module for public keys, which does not accept the form of the certificate's key.
            "public key routines"
        ) {
            return .relayUnreachable(.tlsMismatch)
        }
        return .relayUnreachable(.tlsFailed)
    }

    private func wrongName(_ names: _SubjectAlternativeNames) -> Untrusted {
        if names.isEmpty { return .noNames }
        if let address = IPAddress.bytes(host),
            names.contains(where: { name in
                name.nameType == .dnsName && IPAddress.bytes(String(decoding: name.contents, as: UTF8.self)) == address
            })
        {
            return .addressAsName(host: host)
        }
        return .wrongName(host: host, names: Self.shown(names))
    }

    /// The reason why BoringSSL rejected the certificate chain, as far as its first certificate and this device's
    /// authorities show.
    ///
    /// - Parameter isBadlySigned: whether BoringSSL found an authority of the right name whose key did not make the
    ///   signature.
    private func unverified(isBadlySigned: Bool) -> Untrusted {
        guard let certificate = tls.peerCertificate else { return .unfit }
        let chain = SentChain([certificate])
        return chain.fault(authorities: roots.authorities, now: Clock.seconds, isBadlySigned: isBadlySigned)
    }

    /// The first three names at most, and `others` if there are more, because a certificate may have a hundred.
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
