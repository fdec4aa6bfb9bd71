import EasySetupS3
package import EasySetupSeed

/// Checks what can be checked of a request by itself: its form, whom it is for, its clock, its certificate and its
/// signature. What needs memory (the nonce, revocations, accounts) comes after it, in the store.
package struct RequestCheck: Sendable {
    /// The hosts by which devices know this service, in lower case. Empty: any host.
    package let hosts: Set<String>
    /// By how many seconds a clock may differ, either way.
    package let window: Int
    private let certificate: CertificateReader

    /// Reads a certificate of a chain; nil unless it is one, signed with the chain's seed.
    package typealias CertificateReader = @Sendable (_ bytes: [UInt8], _ user: UserID) -> DeviceRights?

    /// Makes a check.
    package init(hosts: Set<String>, window: Int, certificate: @escaping CertificateReader) {
        self.hosts = Set(hosts.map { $0.lowercased() })
        self.window = window
        self.certificate = certificate
    }

    /// Checks a request that came to a path of this user.
    /// - Parameters:
    ///   - bytes: the request as it came.
    ///   - method: the method of the HTTP request.
    ///   - path: the path of the HTTP request.
    ///   - now: the service's time in seconds since 1970.
    package func check(_ bytes: [UInt8], method: String, path: String, user: UserID, now: Int) throws(Refusal)
        -> CheckedRequest
    {
        let received: ReceivedCredentialsRequest
        do throws(ReceivedCredentialsRequest.Fault) {
            received = try ReceivedCredentialsRequest(bytes)
        } catch {
            throw Refusal(error == .tooLong ? .bodyTooLarge : .badBody)
        }
        let request = received.request
        guard request.method == method, request.path == path else { throw Refusal(.wrongTarget) }
        guard hosts.isEmpty || hosts.contains(request.host) else { throw Refusal(.wrongHost) }
        // The distance of two unsigned numbers, which can't overflow whatever the device's clock says.
        let time = UInt64(clamping: now)
        let distance = request.time > time ? request.time - time : time - request.time
        guard distance <= UInt64(window) else { throw Refusal(.wrongClock, time: now) }
        let asker = try asker(request.certificate, user: user, now: now)
        let key =
            switch asker {
            case .seed: user
            case .device(let rights): rights.signingKey
            }
        guard received.isSigned(by: key) else { throw Refusal(.badSignature) }
        return CheckedRequest(
            user: user,
            asker: asker,
            nonce: request.nonce,
            // The first second at which the clock alone refuses the request.
            nonceEnds: Int(clamping: request.time) + window + 1,
            content: request.content
        )
    }

    private func asker(_ bytes: [UInt8], user: UserID, now: Int) throws(Refusal) -> Asker {
        guard !bytes.isEmpty else { return .seed }
        guard let rights = certificate(bytes, user) else { throw Refusal(.badCertificate) }
        guard rights.isValid(at: now) else { throw Refusal(.certificateEnded) }
        return .device(rights)
    }
}

/// A request whose form, clock, certificate and signature are right.
package struct CheckedRequest: Hashable, Sendable {
    /// The chain.
    package let user: UserID
    /// The device that asks.
    package let asker: Asker
    /// 16 bytes that count once.
    package let nonce: [UInt8]
    /// From when on, in seconds since 1970, the nonce may be forgotten, because the clock refuses the request.
    package let nonceEnds: Int
    /// The content of the request beyond its path.
    package let content: [UInt8]

    /// Makes a checked request from its parts.
    package init(user: UserID, asker: Asker, nonce: [UInt8], nonceEnds: Int, content: [UInt8] = []) {
        self.user = user
        self.asker = asker
        self.nonce = nonce
        self.nonceEnds = nonceEnds
        self.content = content
    }
}

/// The one that asks: a device with the seed, or a device with a certificate.
package enum Asker: Hashable, Sendable {
    case seed
    case device(DeviceRights)
}
