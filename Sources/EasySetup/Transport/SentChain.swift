import EasySetupPairingSession
import NIOCore
import NIOPosix
import NIOSSL

/// The certificates that the server has sent, its own first, to explain why they were not verified.
///
/// Only names and times are compared, because the TLS library alone decides: this type can't make a rejected chain trusted.
struct SentChain {
    private let certificates: [NIOSSLCertificate]

    init(_ certificates: [NIOSSLCertificate]) { self.certificates = certificates }

    /// The reason, as far as the chain shows it.
    ///
    /// - Parameters:
    ///   - authorities: the certificate authorities that this device trusts.
    ///   - now: seconds since 1970.
    func fault(authorities: [NIOSSLCertificate], now: Int) -> Untrusted {
        guard var last = certificates.first else { return .unfit }
        if let fault = last.timeFault(now, .own) { return fault }
        if last.isSelfIssued { return .selfSigned }
        var others = certificates.dropFirst()
        while true {
            // An authority may have several certificates, of which one good one is enough.
            let known = authorities.filter { $0.subjectName == last.issuerName }
            let faults = known.map { $0.timeFault(now, .authority($0.shownName)) }
            if let first = faults.first { return faults.contains(nil) ? .unfit : first ?? .unfit }
            guard !last.isSelfIssued, let next = others.firstIndex(where: { $0.subjectName == last.issuerName }) else {
                break
            }
            last = others.remove(at: next)
            if let fault = last.timeFault(now, .sent(last.shownName)) { return fault }
        }
        let issuer = last.issuerName.shown
        return certificates.count == 1 && last.namesIssuersCertificate
            ? .chainIncomplete(issuer: issuer) : .unknownAuthority(issuer: issuer)
    }

    /// The characters of an untrusted text that are safe to show in one line of a terminal.
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

    fileprivate var shownName: String { subjectName.shown }

    fileprivate func timeFault(_ now: Int, _ part: Untrusted.ChainPart) -> Untrusted? {
        if now > notValidAfter { return .expired(at: notValidAfter, clock: now, part: part) }
        if now < notValidBefore { return .notYetValid(from: notValidBefore, clock: now, part: part) }
        return nil
    }

    /// Whether the certificate says where its issuer's can be had (RFC 5280, 4.2.2.1). Public authorities write that
    /// into certificates that an intermediate has issued, and a server has to send the intermediate's certificate.
    fileprivate var namesIssuersCertificate: Bool {
        let access = NIOSSLObjectIdentifier("1.3.6.1.5.5.7.1.1")
        // The identifier 1.3.6.1.5.5.7.48.2, with its tag and length.
        let issuers: [UInt8] = [0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02]
        return _extensions.contains { field in
            guard field.objectIdentifier == access else { return false }
            let bytes = Array(field.data)
            return bytes.indices.contains { bytes[$0...].starts(with: issuers) }
        }
    }
}

extension [SSLCertificateName] {
    /// The common name, or else the last of the names, made safe to show.
    fileprivate var shown: String { SentChain.safe(last { $0.type == .commonName }?.value ?? last?.value ?? "") }
}

// MARK: - Asking for the chain

extension RelayHost {
    /// A connection that only reads the server's certificates.
    struct ChainReading: Sendable {
        /// Whether the proxy's certificates are read, not the relay's.
        let isProxys: Bool
        let told: @Sendable ([NIOSSLCertificate]) -> Void
    }

    /// The error, explained by all certificates that the server sends, where its first one alone does not show the cause.
    ///
    /// The library shows the first certificate of a chain that it refuses. The others are read from a second
    /// connection, which refuses every certificate, so no data are sent on it.
    func explained(_ error: PairingError, on loop: any EventLoop, limits: ClientLimits) async -> PairingError {
        switch error {
        case .relayUntrusted(.unknownAuthority), .relayUntrusted(.chainIncomplete):
            let fault = await fault(isProxys: false, on: loop, limits: limits)
            return fault.map { .relayUntrusted($0) } ?? error
        case .proxyFailed(.untrusted(.unknownAuthority)), .proxyFailed(.untrusted(.chainIncomplete)):
            let fault = await fault(isProxys: true, on: loop, limits: limits)
            return fault.map { .proxyFailed(.untrusted($0)) } ?? error
        default: return error
        }
    }

    private func fault(isProxys: Bool, on loop: any EventLoop, limits: ClientLimits) async -> Untrusted? {
        let sent = loop.makePromise(of: [NIOSSLCertificate].self)
        let hurry = TimeAmount(limits.upgradeTimeout)
        let reading = ChainReading(isProxys: isProxys) { sent.succeed($0) }
        let connection = bootstrap(on: loop, timeout: hurry)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.prepare(channel, for: Attempt(to: self), limits: limits, reading: reading)
                }
            }
            .connect(host: next.host, port: next.port)
        connection.whenFailure { _ in sent.succeed([]) }
        connection.whenSuccess { channel in
            let timer = channel.eventLoop.scheduleTask(in: hurry) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in
                timer.cancel()
                sent.succeed([])
            }
        }
        guard let chain = try? await sent.futureResult.get(), !chain.isEmpty else { return nil }
        return SentChain(chain).fault(authorities: roots(ofProxy: isProxys).authorities, now: Clock.seconds)
    }
}
