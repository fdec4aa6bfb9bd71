import NIOSSL

/// A defect of a certificate or key that the relay logs for its operator. The relay uses the certificate all the same.
enum CertificateWarning: Equatable, Sendable {
    /// A certificate has expired. `position` is its place in the certificate chain, where the relay's own certificate
    /// is 1; `day` is in UTC, such as 2026-01-31.
    case expired(position: Int, day: String)
    case expiresSoon(position: Int, day: String)
    case notYetValid(position: Int, day: String)
    case noNames
    case notForServers
    case mayNotSign
    /// By its name and key identifier, the certificate at this position in the certificate chain is not the issuer of
    /// the certificate before it.
    case brokenChain(position: Int)
    case unknownIssuer
    case keyOpenToOthers
    case keyOfAnotherUser

    /// How long before a certificate expires the relay begins to log a daily warning, in seconds.
    static let soon: Int64 = 7 * 24 * 60 * 60

    /// The text of the log line for this warning.
    var message: String {
        switch self {
        case .expired(let position, _): "\(Self.name(position)) has expired: devices refuse it"
        case .expiresSoon(let position, _): "\(Self.name(position)) expires soon"
        case .notYetValid(let position, _): "\(Self.name(position)) is not valid yet: devices refuse it"
        case .noNames: "the certificate has no subject alternative name for a host or an address: devices may refuse it"
        case .notForServers:
            "the certificate is not for servers, by its extended key usage: devices refuse it unless they were told to trust this very one"
        case .mayNotSign: "the certificate's key usage is without digitalSignature, which TLS needs: devices refuse it"
        case .brokenChain(let position):
            "\(Self.name(position)) is not the issuer of the one before it: devices may refuse the chain"
        case .unknownIssuer:
            "neither the chain nor this machine has the certificate of the last one's issuer: devices need it, or an intermediate is missing"
        case .keyOpenToOthers: "the certificate's private key may be read or written by others than its owner"
        case .keyOfAnotherUser: "the certificate's private key belongs to another user, who can exchange it"
        }
    }

    var day: String? {
        switch self {
        case .expired(_, let day), .expiresSoon(_, let day), .notYetValid(_, let day): day
        default: nil
        }
    }

    /// Whether the relay logs this warning about a certificate or key at level `warning`; otherwise it logs at level
    /// `notice`. An unknown issuer is only a notice, because an operator may use a private certificate authority on
    /// purpose.
    var isWarning: Bool { self != .unknownIssuer }

    /// Whether the warning is about the file of the private key, and not about that of the certificate.
    var isAboutKey: Bool { self == .keyOpenToOthers || self == .keyOfAnotherUser }

    private static func name(_ position: Int) -> String {
        position == 1 ? "the certificate" : "certificate \(position) of the chain"
    }
}

extension LoadedCertificate {
    /// All warnings about the certificate chain and its key.
    /// - Parameters:
    ///   - now: the present time in seconds since 1970 UTC.
    ///   - authorities: the subject names of the authorities that this machine trusts; empty when it has none.
    func warnings(now: Int64, authorities: Set<[SSLCertificateName]>) -> [CertificateWarning] {
        var warnings = Self.warnings(ofTime: chain, now: now)
        let own = chain[0]
        if !own.hasNames { warnings.append(.noNames) }
        if !own.isForServers { warnings.append(.notForServers) }
        if !own.maySign { warnings.append(.mayNotSign) }
        for position in chain.indices.dropFirst() where !chain[position].isIssuer(of: chain[position - 1]) {
            warnings.append(.brokenChain(position: position + 1))
        }
        if let last = chain.last, !last.isSelfIssued, !authorities.isEmpty, !authorities.contains(last.issuer) {
            warnings.append(.unknownIssuer)
        }
        switch keyProblem {
        case .openToOthers?: warnings.append(.keyOpenToOthers)
        case .foreignOwner?: warnings.append(.keyOfAnotherUser)
        case .notKeptHere?, nil: break
        }
        return warnings
    }

    /// The warnings about the validity periods of these certificates. They can begin while the relay runs, because time
    /// passes.
    static func warnings(ofTime chain: [CertificateFacts], now: Int64) -> [CertificateWarning] {
        chain.enumerated().compactMap { index, facts in
            let position = index + 1
            if now > facts.notAfter { return .expired(position: position, day: UTCDay.text(facts.notAfter)) }
            if now < facts.notBefore { return .notYetValid(position: position, day: UTCDay.text(facts.notBefore)) }
            guard facts.notAfter - now < CertificateWarning.soon else { return nil }
            return .expiresSoon(position: position, day: UTCDay.text(facts.notAfter))
        }
    }

    /// The reason why no device would accept the certificate chain at the time `now`: it has expired, or is not valid
    /// yet. Nil when there is no such reason.
    func problem(now: Int64) -> RelayError.CertificateProblem? {
        for warning in Self.warnings(ofTime: chain, now: now) {
            switch warning {
            case .expired(_, let day): return .expired(day)
            case .notYetValid(_, let day): return .notYetValid(day)
            default: continue
            }
        }
        return nil
    }
}

/// The certificate authorities that this machine trusts, read from the first of the usual files that the relay can
/// read.
enum MachineAuthorities {
    private static let places = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// The subject names of the certificate authorities that this machine trusts. Empty when the relay can read none of
    /// the files in `places`.
    static func subjects() -> Set<[SSLCertificateName]> {
        for place in places {
            guard let file = try? OperatorFile.read(PathBytes(place), limit: 4 * 1024 * 1024),
                let certificates = try? NIOSSLCertificate.fromPEMBytes(file.bytes)
            else { continue }
            return Set(certificates.map(\.subjectName))
        }
        return []
    }
}
