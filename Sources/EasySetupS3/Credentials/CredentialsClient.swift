public import EasySetup
public import EasySetupChain
import EasySetupHandshake
public import EasySetupSeed
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A device's calls to a service for credentials (`Protocol/credentials.md`).
///
/// It asks for what the device may do in its chain's bucket, and gives that to an ``S3Store``:
///
/// ```swift
/// let service = try CredentialsClient("https://keys.example.org", for: .seed(seed))
/// let chain = Chain(seed: seed, device: device, store: S3Store(service: service))
/// ```
///
/// The first call of a device with the seed registers the chain. A request is signed, tried again when that may help, and
/// once more when the clocks differ; this device's clock may be wrong by years. An answer is checked before it is used:
/// the prefix must be that of the chain, the store must have TLS unless it is on this machine.
///
/// A program that runs often keeps the credentials for its next run: it writes ``CredentialsSession/encoded()`` of each
/// session that `renewed` gets where only its user can read it, and begins with it the next time.
public final class CredentialsClient: S3CredentialsSource {
    private struct State {
        /// The service's clock less this device's, in seconds.
        var clockDifference = 0
        /// The session of an earlier run, until it was given out.
        var kept: CredentialsSession?
        var newest: CredentialsSession?
    }

    /// The chain.
    public let userID: UserID

    private let access: ChainAccess
    private let invitation: [UInt8]
    private let host: RelayAddress
    private let digest: String
    private let carrier: any S3Carrier
    private let times: S3Times
    private let limits: CredentialsLimits
    private let allowsPlain: Bool
    private let renewed: @Sendable (CredentialsSession) -> Void
    private let state: Mutex<State>

    /// Makes the client of a device; it connects with the first call. A device without the seed gets nothing before one with the
    /// seed has registered the chain.
    ///
    /// - Parameters:
    ///   - url: the address of the service, `https://HOST` or `https://HOST:PORT`.
    ///   - access: the seed, or the membership in place of it. Its key signs.
    ///   - invitation: the text that lets a new chain in, if the service asks for one. A chain that is known needs none, and a
    ///     membership sends none.
    ///   - session: the credentials of an earlier run. They are used first if they have not ended and are of the same device
    ///     at the same service, and are ignored otherwise.
    ///   - roots: the certificate authorities that are trusted for the service.
    ///   - proxies: the proxy, if there is one.
    ///   - allowsPlain: whether service and store may be reached without TLS on other machines, too. Whoever reads such
    ///     traffic gets the credentials.
    ///   - limits: the limits of the calls.
    ///   - renewed: gets each new session, before its first use.
    /// - Throws: `ChainError.Code.serviceAddress`, or `ChainError.Code.invitationNeeded` for a text that can't be an
    ///   invitation.
    public convenience init(
        _ url: String,
        for access: ChainAccess,
        invitation: String? = nil,
        session: CredentialsSession? = nil,
        trusting roots: TrustedRoots = .system,
        proxies: ProxySettings = .environment,
        allowsPlain: Bool = false,
        limits: CredentialsLimits = CredentialsLimits(),
        renewed: @escaping @Sendable (CredentialsSession) -> Void = { _ in }
    ) throws(ChainError) {
        try self.init(
            url,
            for: access,
            invitation: invitation,
            session: session,
            trusting: roots,
            proxies: proxies,
            times: .system,
            allowsPlain: allowsPlain,
            limits: limits,
            renewed: renewed
        )
    }

    /// Makes the client of a device with a clock of the caller's.
    init(
        _ url: String,
        for access: ChainAccess,
        invitation: String? = nil,
        session: CredentialsSession? = nil,
        trusting roots: TrustedRoots = .system,
        proxies: ProxySettings = .none,
        times: S3Times,
        allowsPlain: Bool = false,
        limits: CredentialsLimits = CredentialsLimits(),
        renewed: @escaping @Sendable (CredentialsSession) -> Void = { _ in }
    ) throws(ChainError) {
        guard invitation.map(Self.isInvitation) ?? true else { throw .service(.problem(.invitationNeeded)) }
        guard let host = RelayAddress(web: url, allowsPlain: allowsPlain) else { throw .service(.address) }
        self.access = access
        self.invitation = Array((invitation ?? "").utf8)
        self.host = host
        carrier = S3Network(to: host, trusting: roots, by: proxies, largest: limits.answerBytes, idle: 0)
        self.times = times
        self.allowsPlain = allowsPlain
        self.limits = limits
        self.renewed = renewed
        userID = access.userID
        digest = CredentialsSession.holder(service: host.webAuthority, user: userID, certificate: access.certificate)
        var state = State()
        if let session, session.holder == digest {
            state.clockDifference = session.clockDifference
            // A chain that was full may have been emptied since; a form to clean up is given only now and then.
            let end = times.seconds() + session.clockDifference + Int(limits.renewalMargin.components.seconds)
            if !session.answer.isFull || !session.answer.forms.isEmpty, end < session.ends { state.kept = session }
        }
        self.state = Mutex(state)
    }

    private static func isInvitation(_ text: String) -> Bool {
        (1...CredentialsRequest.maximumContentBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The newest credentials that the service gave, or those of an earlier run as long as there are no newer ones; nil if
    /// there are none, or if the service has said since that the device gets no more.
    public var session: CredentialsSession? { state.withLock { $0.newest ?? $0.kept } }

    // MARK: Calls

    /// New credentials; those of an earlier run at the first time, if they count still.
    ///
    /// - Throws: an error with the code `ObjectStoreError.Code.service`, or `ObjectStoreError.Code.cancelled`. A
    ///   `Chain` shows it as a `ChainError` that says why.
    public func credentials() async throws(ObjectStoreError) -> S3Credentials {
        let kept = state.withLock { state in
            defer { state.kept = nil }
            if let kept = state.kept { state.newest = kept }
            return state.kept
        }
        if let kept, let credentials = try? checked(kept.answer) { return credentials }
        let content = if case .seed = access { invitation } else { [UInt8]() }
        return try await call("POST", "/credentials", content: content) {
            response,
            signedAt throws(ServiceFault.Answer) in
            guard response.body.count <= limits.answerBytes else { throw .length }
            guard let answer = try? JSONDecoder().decode(CredentialsAnswer.self, from: Data(response.body)) else {
                throw .content
            }
            let credentials = try checked(answer)
            let window = Int((limits.clockWindow + limits.callTimeout).components.seconds)
            guard (signedAt - window...signedAt + window).contains(answer.time) else { throw .times }
            let session = state.withLock { state in
                let session = CredentialsSession(answer, holder: digest, clockDifference: state.clockDifference)
                state.newest = session
                return session
            }
            renewed(session)
            return credentials
        }
    }

    private func checked(_ answer: CredentialsAnswer) throws(ServiceFault.Answer) -> S3Credentials {
        try answer.credentials(
            of: userID,
            allowsPlain: allowsPlain,
            longest: Int(limits.longestSession.components.seconds)
        )
    }

    /// Tells the service that a device without the seed was removed, so that it gets no more credentials. Those that it has
    /// end by themselves, within an hour unless the operator chose otherwise. `Chain.remove(_:unlisted:)` keeps new records from it.
    /// Doing it again changes nothing.
    ///
    /// - Throws: `ChainError.Code.notHeld` without the seed, `ChainError.Code.chainUnknown` before the chain's first use
    ///   of the service, and the errors of the service.
    public func revoke(_ device: DeviceID) async throws(ChainError) {
        try await act("POST", "/revocations", content: device.bytes)
    }

    /// Tells the service that this device, which has no seed, leaves its chain: it gets no more credentials, for good. An app calls
    /// this after `Chain.leave()`, which needs credentials itself. Doing it again changes nothing.
    ///
    /// - Throws: `ChainError.Code.notHeld` with the seed, which a device can go on using whatever a service says; and the errors
    ///   of the service.
    public func leave() async throws(ChainError) {
        guard case .membership(let membership) = access else { throw .notHeld }
        try await send("POST", "/revocations", content: membership.device.bytes)
        state.withLock { ($0.kept, $0.newest) = (nil, nil) }
    }

    /// Deletes the chain's account at the service for good: no device of the chain gets credentials any more. What is in the
    /// store stays there until somebody deletes it, so a program deletes the collections before. Doing it again changes
    /// nothing.
    ///
    /// - Throws: `ChainError.Code.notHeld` without the seed, and the errors of the service.
    public func deleteAccount() async throws(ChainError) {
        try await act("DELETE", "", content: [])
        state.withLock { ($0.kept, $0.newest) = (nil, nil) }
    }

    private func act(_ method: String, _ call: String, content: [UInt8]) async throws(ChainError) {
        guard case .seed = access else { throw .notHeld }
        try await send(method, call, content: content)
    }

    private func send(_ method: String, _ call: String, content: [UInt8]) async throws(ChainError) {
        do throws(ObjectStoreError) {
            try await self.call(method, call, content: content) { _, _ throws(ServiceFault.Answer) in () }
        } catch {
            throw error.code == .cancelled ? .cancelled : .store(error)
        }
    }

    /// Makes a call, and tries it again as ``CredentialsPolicy`` says.
    ///
    /// - Parameter read: reads an answer without a problem; it gets the time of the request in seconds since 1970.
    private func call<Answer>(
        _ method: String,
        _ call: String,
        content: [UInt8],
        reading read: (S3Response, Int) throws(ServiceFault.Answer) -> Answer
    ) async throws(ObjectStoreError) -> Answer {
        var policy = CredentialsPolicy(limits)
        while true {
            guard !Task.isCancelled else { throw ObjectStoreError(.cancelled) }
            let signedAt = max(0, times.seconds() + state.withLock { $0.clockDifference })
            var answer: Answer?
            let outcome: CredentialsPolicy.Outcome
            do throws(S3Silence) {
                let request = request(method, call, content: content, at: signedAt)
                let response = try await carrier.carry(request, timeout: limits.callTimeout)
                if (200..<300).contains(response.status) {
                    do throws(ServiceFault.Answer) {
                        answer = try read(response, signedAt)
                        outcome = .done
                    } catch {
                        outcome = .failed(.unreadable(error), mayPass: false)
                    }
                } else {
                    outcome = CredentialsPolicy.outcome(response)
                }
            } catch {
                guard !Task.isCancelled else { throw ObjectStoreError(.cancelled) }
                let cause = error.error.detail
                outcome = .failed(
                    error.error.code == .untrusted ? .untrusted(cause) : .unreachable(cause),
                    mayPass: error.mayPass
                )
            }
            switch policy.after(outcome, draw: times.draw()) {
            case .succeed:
                guard let answer else { throw ObjectStoreError(.unreadable(.content)) }
                return answer
            case .fail(let error):
                switch error.fault {
                case .problem(.deviceRevoked, _), .problem(.accountDeleted, _), .problem(.certificateEnded, _):
                    state.withLock { ($0.kept, $0.newest) = (nil, nil) }
                default: break
                }
                throw error
            case .again(let pause, let time):
                if let time {
                    let difference = time - times.seconds()
                    state.withLock { $0.clockDifference = difference }
                }
                if pause > .zero { await times.sleep(pause) }
            }
        }
    }

    /// A signed request with a nonce of its own.
    private func request(_ method: String, _ call: String, content: [UInt8], at seconds: Int) -> S3Request {
        var random = SystemRandomNumberGenerator()
        let path = "/v1/\(Base64URL.text(userID.bytes))\(call)"
        let request = CredentialsRequest(
            method: method,
            host: host.webAuthority,
            path: path,
            time: UInt64(seconds),
            nonce: (0..<CredentialsRequest.nonceBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) },
            certificate: access.certificate,
            content: content
        )
        let bytes = access.signed(request)
        let common = [("Host", host.webAuthority), ("Accept", "application/json, application/problem+json")]
        guard method == "POST" else {
            let headers = common + [("Authorization", "EasySetup \(Base64URL.text(bytes))")]
            return S3Request(method: method, target: path, headers: headers, body: [])
        }
        let headers = common + [("Content-Type", "application/octet-stream"), ("Content-Length", "\(bytes.count)")]
        return S3Request(method: method, target: path, headers: headers, body: bytes)
    }
}

extension ChainAccess {
    /// The certificate that a request has; empty with the seed.
    fileprivate var certificate: [UInt8] {
        if case .membership(let membership) = self { membership.certificate.bytes } else { [] }
    }

    fileprivate func signed(_ request: CredentialsRequest) -> [UInt8] {
        switch self {
        case .seed(let seed): request.signed(by: seed)
        case .membership(let membership): request.signed(by: membership.deviceKeys)
        }
    }
}

extension CredentialsClient: CustomStringConvertible, CustomReflectable {
    /// The name of the type, without any part of the seed or the credentials.
    public var description: String { "CredentialsClient" }
    /// An empty mirror, so that `dump` and `Mirror` show nothing of the seed or the credentials.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
