import EasySetupPairingSession
import NIOSSL

/// The certificate chain that a server has sent, with the server's own certificate first. This type explains why
/// BoringSSL rejected it.
///
/// This type compares only names, times, keys and uses. BoringSSL alone decides about trust: this type can't make a
/// rejected certificate chain trusted.
struct SentChain {
    private let certificates: [NIOSSLCertificate]

    init(_ certificates: [NIOSSLCertificate]) { self.certificates = certificates }

    /// The reason why the certificate chain is not trusted, as far as this type can tell.
    ///
    /// - Parameters:
    ///   - authorities: the certificate authorities that this device trusts.
    ///   - now: seconds since 1970.
    ///   - isBadlySigned: whether BoringSSL found a certificate whose signature is not by the key of its named issuer.
    func fault(authorities: [NIOSSLCertificate], now: Int, isBadlySigned: Bool = false) -> Untrusted {
        guard let own = certificates.first else { return .unfit }
        if let fault = own.timeFault(now, .own) { return fault }
        if own.isSelfIssued { return own.faultAsSelfIssued(authorities) }
        var last = own
        var others = certificates.dropFirst()
        while true {
            // An authority may have several certificates under one name. It is enough if one of them is valid now.
            let known = authorities.filter { $0.subjectName == last.issuerName }
            let faults = known.map { $0.timeFault(now, .authority($0.shownName)) }
            if let first = faults.first {
                if let fault = first, !faults.contains(nil) { return fault }
                if isBadlySigned || !known.contains(where: last.mayBeSigned) {
                    return .otherAuthority(last.issuerName.shown)
                }
                guard own.isForServers else { return .wrongUse }
                return known.faultAbove(authorities) ?? .unfitFrom(authority: last.issuerName.shown)
            }
            guard !last.isSelfIssued, let next = others.firstIndex(where: { $0.subjectName == last.issuerName }) else {
                break
            }
            last = others.remove(at: next)
            if let fault = last.timeFault(now, .sent(last.shownName)) { return fault }
        }
        if authorities.contains(own), let fault = [own].faultAbove(authorities) { return fault }
        let issuer = last.issuerName.shown
        return certificates.count == 1 && last.namesIssuersCertificate
            ? .chainIncomplete(issuer: issuer) : .unknownAuthority(issuer: issuer)
    }

    /// The characters of a text from the server that are safe to show in one line of a terminal, 64 at most.
    static func safe(_ text: String) -> String {
        String(
            text.unicodeScalars.lazy.filter {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789 .,:-_*()&+/'".unicodeScalars.contains($0))
            }
            .prefix(64).map(Character.init)
        )
    }
}

extension NIOSSLCertificate {
    fileprivate var isSelfIssued: Bool { subjectName == issuerName }

    /// The fault of a server's own certificate that its own key has signed.
    fileprivate func faultAsSelfIssued(_ authorities: [NIOSSLCertificate]) -> Untrusted {
        let known = authorities.filter { $0.subjectName == subjectName }
        if known.contains(self) { return isForServers ? .unfitFrom(authority: shownName) : .wrongUse }
        // An authority with the same key is no other authority: somebody has only renewed its certificate.
        guard !known.isEmpty, let key, known.allSatisfy({ $0.key != key }) else { return .selfSigned }
        return .otherAuthority(shownName)
    }

    private var key: [UInt8]? { try? extractPublicKey().toSPKIBytes() }

    fileprivate var shownName: String { subjectName.shown }

    fileprivate func timeFault(_ now: Int, _ part: Untrusted.ChainPart) -> Untrusted? {
        if now > notValidAfter { return .expired(at: notValidAfter, clock: now, part: part) }
        if now < notValidBefore { return .notYetValid(from: notValidBefore, clock: now, part: part) }
        return nil
    }

    /// Whether the certificate has the address of its issuer's certificate (RFC 5280, 4.2.2.1). Public authorities
    /// write this address into certificates that an intermediate authority has issued. A server has to send the
    /// intermediate authority's certificate too.
    fileprivate var namesIssuersCertificate: Bool {
        // The object identifier 1.3.6.1.5.5.7.48.2 (`caIssuers`) in DER, with its tag and length.
        let issuers: [UInt8] = [0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02]
        return field("1.3.6.1.5.5.7.1.1")?.contains(issuers) ?? false
    }

    /// Whether this certificate's issuer may be `authority`, by the key identifiers that the two certificates contain
    /// (RFC 5280, 4.2.1.1 and 4.2.1.2). A certificate without such an identifier may have any authority of the right
    /// name as its issuer.
    fileprivate func mayBeSigned(by authority: NIOSSLCertificate) -> Bool {
        // In DER, the authority key identifier (2.5.29.35), which is the first part of a sequence, and the subject key
        // identifier (2.5.29.14) are each a tag, a length below 128, and the hash of the authority's key.
        guard let field = field("2.5.29.35"), field.count > 3, field[2] == 0x80,
            let key = authority.field("2.5.29.14"), key.count > 1
        else { return true }
        return field[3...].prefix(Int(field[3]) + 1).elementsEqual(key[1...])
    }

    /// Whether the certificate is for a TLS server, by its key usage and its extended key usage (RFC 5280, 4.2.1.3 and
    /// 4.2.1.12).
    fileprivate var isForServers: Bool {
        // The field is a bit string: its tag, its length, the number of unused bits, and the bits, of which
        // `digitalSignature` is the first.
        if let usage = field("2.5.29.15"), usage.count > 3, usage[3] & 0x80 == 0 { return false }
        // The object identifiers 1.3.6.1.5.5.7.3.1 (`serverAuth`) and 2.5.29.37.0 (`anyExtendedKeyUsage`).
        let servers: [UInt8] = [0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]
        let any: [UInt8] = [0x06, 0x04, 0x55, 0x1D, 0x25, 0x00]
        return field("2.5.29.37").map { $0.contains(servers) || $0.contains(any) } ?? true
    }

    /// The DER value of the extension with this object identifier; nil if the certificate has no such extension.
    private func field(_ identifier: String) -> [UInt8]? {
        let identifier = NIOSSLObjectIdentifier(identifier)
        return _extensions.first { $0.objectIdentifier == identifier }.map { Array($0.data) }
    }
}

extension [NIOSSLCertificate] {
    /// The fault if this device trusts only an intermediate authority and lacks its root: BoringSSL accepts a
    /// certificate chain only if it ends with a self-signed certificate. The array holds the certificates of one
    /// authority. Nil if no root is lacking.
    fileprivate func faultAbove(_ authorities: [NIOSSLCertificate]) -> Untrusted? {
        var level = self
        // Each round replaces the certificates in `level` by those of their issuers. The number of rounds is limited,
        // because certificates may name each other as issuers in a circle.
        for _ in authorities {
            guard let first = level.first, !level.contains(where: \.isSelfIssued) else { return nil }
            let above = authorities.filter { issuer in level.contains { $0.issuerName == issuer.subjectName } }
            if above.isEmpty { return .rootMissing(authority: first.shownName, issuer: first.issuerName.shown) }
            level = above
        }
        return nil
    }
}

extension [SSLCertificateName] {
    /// The common name in a certificate's subject or issuer, or else the last part of the subject or issuer, reduced to
    /// characters that are safe to show.
    fileprivate var shown: String { SentChain.safe(last { $0.type == .commonName }?.value ?? last?.value ?? "") }
}
