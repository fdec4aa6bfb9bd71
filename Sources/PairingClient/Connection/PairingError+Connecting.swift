import NIOHTTP1
import NIOSSL

extension PairingError {
    /// What a failed attempt to connect means to a person.
    init(connecting error: any Error) {
        switch error {
        case let error as PairingError: self = error
        case let error as NIOSSLError:
            self = error.isOfCertificate ? .relayUntrusted(.unfit) : .relayUnreachable(.unknown)
        case is NIOSSLExtraError: self = .relayUntrusted(.unfit)
        // Half an answer says nothing about who gave it.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .relayUnreachable(.cut)
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notARelay(.notHTTP)
        default: self = .relayUnreachable(.unknown)
        }
    }
}

extension NIOSSLError {
    /// Whether the relay showed a certificate that does not do. All else that ends a TLS handshake (a cut, a flipped bit, a
    /// server that speaks no TLS) tells nothing of whom it was held with.
    fileprivate var isOfCertificate: Bool {
        switch self {
        case .noCertificateToValidate, .unableToValidateCertificate: true
        case .handshakeFailed(.sslError(let errors)):
            // BoringSSL's own name for it is all that is public.
            errors.contains { $0.description.contains("CERTIFICATE_VERIFY_FAILED") }
        default: false
        }
    }
}
