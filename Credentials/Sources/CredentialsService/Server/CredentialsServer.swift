package import CredentialsCore
import EasySetupChain
import EasySetupRelay
import EasySetupRelayCore
import EasySetupS3
import EasySetupSeed
import Foundation
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Answers the calls of devices.
package final class CredentialsServer: Sendable {
    /// The settings that an operator may change while the service runs. A call goes by those that held when it came.
    private struct Serving: Sendable {
        let settings: ServiceSettings
        let check: RequestCheck
        let issuer: Issuer
        let addresses: AddressSource
    }

    private let serving: Mutex<Serving>
    private let store: AccountStore
    private let certificate: RequestCheck.CertificateReader
    private let logger: Logger
    private let now: @Sendable () -> Int
    private let rates: Mutex<ServiceRates>
    private let counted: Mutex<ServiceHistory>
    private let draining = Atomic(false)
    private let reloaded = Atomic(true)
    private let isCounting = Atomic(false)

    /// Makes a server.
    /// - Parameter now: the time in seconds since 1970.
    package init(
        settings: ServiceSettings,
        store: AccountStore,
        issuer: Issuer,
        certificate: @escaping RequestCheck.CertificateReader,
        logger: Logger,
        now: @escaping @Sendable () -> Int
    ) {
        self.store = store
        self.certificate = certificate
        self.logger = logger
        self.now = now
        serving = Mutex(Self.serving(settings, issuer, certificate))
        rates = Mutex(ServiceRates(settings.limits))
        counted = Mutex(ServiceHistory(now: now()))
    }

    private static func serving(
        _ settings: ServiceSettings,
        _ issuer: Issuer,
        _ certificate: @escaping RequestCheck.CertificateReader
    ) -> Serving {
        Serving(
            settings: settings,
            check: RequestCheck(
                hosts: settings.hosts,
                window: settings.limits.clockWindow,
                certificate: certificate
            ),
            issuer: issuer,
            addresses: AddressSource(proxies: settings.proxies, limits: ConnectionLimits())
        )
    }

    /// Takes other settings, and the nodes and keys of another issuer. Rates go on counting.
    package func take(_ settings: ServiceSettings, _ issuer: Issuer) {
        let changed = Self.serving(settings, issuer, certificate)
        serving.withLock { $0 = changed }
        store.set(settings.limits)
        rates.withLock { $0.set(settings.limits) }
    }

    /// The numbers that were counted, now and in the last hour.
    package var history: ServiceHistory { counted.withLock { $0 } }

    /// Whether everything could be used when the settings were read anew for the last time.
    package var isReloadGood: Bool {
        get { reloaded.load(ordering: .relaxed) }
        set { reloaded.store(newValue, ordering: .relaxed) }
    }

    /// Whether the service is about to stop. It answers calls until then, and its readiness says so.
    package var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }

    /// Answers a request. Nothing of a request is logged but the name of its refusal.
    package func respond(to request: Request, context: DeviceContext) async -> Response {
        do {
            return try await answer(request, context)
        } catch let refusal as Refusal {
            return refuse(refusal)
        } catch let fault as STSFault {
            logger.error("store gave no session", metadata: ["reason": "\(fault)"])
            return refuse(Refusal(.storeFailed, retryAfter: 30))
        } catch {
            logger.error("accounts failed", metadata: ["reason": "\(error)"])
            return refuse(Refusal(.busy, retryAfter: 10))
        }
    }

    private func answer(_ request: Request, _ context: DeviceContext) async throws -> Response {
        let method = request.method.rawValue
        // A path with a query, or in absolute form, is none of ours.
        let path = request.head.path ?? ""
        let serving = serving.withLock { $0 }
        let (settings, check) = (serving.settings, serving.check)
        let route = try ServiceRoute.find(method: method, path: path, allowsPlain: settings.allowsPlain)
        switch route {
        case .live: return Self.text(.ok, "ok")
        case .ready: return isDraining ? Self.text(.serviceUnavailable, "draining") : Self.text(.ok, "ok")
        case .credentials(let user):
            let prefix = prefix(of: request, context, serving.addresses)
            try count(prefix, settings.limits)
            let checked = try check.check(
                try await body(request),
                method: method,
                path: path,
                user: user,
                now: now()
            )
            return try await credentials(
                checked.asker,
                of: user,
                nonce: (checked.nonce, checked.nonceEnds),
                invitation: checked.content,
                prefix,
                serving
            )
        case .plain(let user):
            let prefix = prefix(of: request, context, serving.addresses)
            try count(prefix, settings.limits)
            let bytes = try await Self.collect(request)
            try PlainRequest.check(bytes, user: user, window: settings.limits.clockWindow, now: now())
            return try await credentials(.seed, of: user, nonce: nil, invitation: [], prefix, serving)
        case .revocation(let user):
            try count(prefix(of: request, context, serving.addresses), settings.limits)
            let bytes = try await body(request)
            let checked = try check.check(bytes, method: method, path: path, user: user, now: now())
            // A device that leaves ends its own rights, and nobody else's.
            try demandSeed(checked, orDevice: checked.content)
            guard checked.content.count == 8 else { throw Refusal(.badBody) }
            try count(checked.asker, of: user, settings.limits)
            try await store.revoke(checked.content, by: checked, now: now())
            return done("revocations")
        case .deletion(let user):
            try count(prefix(of: request, context, serving.addresses), settings.limits)
            let checked = try check.check(
                try Self.authorization(request),
                method: method,
                path: path,
                user: user,
                now: now()
            )
            try demandSeed(checked)
            guard checked.content.isEmpty else { throw Refusal(.badBody) }
            try count(checked.asker, of: user, settings.limits)
            try await store.delete(by: checked, now: now())
            logger.notice("account deleted")
            return done("deletions")
        }
    }

    private func credentials(
        _ asker: Asker,
        of user: UserID,
        nonce: (bytes: [UInt8], ends: Int)?,
        invitation: [UInt8],
        _ prefix: AddressPrefix?,
        _ serving: Serving
    ) async throws -> Response {
        // Only now is it known that the request is of this chain: a stranger can't use up its rate.
        let (settings, issuer) = (serving.settings, serving.issuer)
        try count(asker, of: user, settings.limits)
        let account = try await store.admit(
            asker,
            of: user,
            nonce: nonce,
            invitation: invitation,
            registration: settings.registration,
            now: now(),
            mayRegister: { [self] () throws(Refusal) in try countRegistration(prefix, settings.limits) }
        )
        let name = Self.name()
        let answer = try await issuer.credentials(asker, of: user, account: account, name: name, now: now()) { [self] in
            takeCleanup(of: user, settings.limits)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(answer)
        counted.withLock { $0.add(done: "credentials", now: now()) }
        logger.debug("credentials given", metadata: ["node": "\(account.node)"])
        countObjects(of: user, account, issuer)
        return Response(
            status: .ok,
            headers: Self.headers("application/json"),
            body: .init(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// A name of a session for the store's logs, which tells nothing of the chain.
    private static func name() -> String { "easysetup-" + String(UInt32.random(in: .min ... .max), radix: 16) }

    /// Counts a chain's objects where that is due, behind the answer; one chain at a time, so that counting never takes
    /// more of a store than a listing.
    private func countObjects(of user: UserID, _ account: Account, _ issuer: Issuer) {
        guard !isCounting.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Task { [self] in
            defer { isCounting.store(false, ordering: .releasing) }
            guard (try? await store.claimCount(of: user, now: now())) == true else { return }
            guard let objects = await issuer.objects(of: user, account: account, name: Self.name(), now: now()) else {
                logger.warning("objects were not counted", metadata: ["node": "\(account.node)"])
                return
            }
            try? await store.set(objects: objects, of: user, now: now())
        }
    }

    /// Refuses a request unless a member makes it.
    /// - Parameter device: the id of a device that may make it, too.
    private func demandSeed(_ checked: CheckedRequest, orDevice device: [UInt8]? = nil) throws(Refusal) {
        switch checked.asker {
        case .seed: return
        case .device(let rights): guard rights.device == device else { throw Refusal(.seedNeeded) }
        }
    }

    // MARK: Rates

    private func prefix(of request: Request, _ context: DeviceContext, _ addresses: AddressSource) -> AddressPrefix? {
        guard let peer = context.peer.flatMap(PeerAddress.init) else { return nil }
        let headers = HTTPHeaders(request.headers.map { ($0.name.rawName, $0.value) })
        return addresses.address(peer: peer, headers: headers).prefix
    }

    private func count(_ prefix: AddressPrefix?, _ limits: ServiceLimits) throws(Refusal) {
        guard let prefix else { return }
        let now = now()
        let wait = rates.withLock {
            $0.prefixes.take(nested: prefix, limit: limits.requestsPerPrefix, now: now)
        }
        if let wait { throw Refusal(.tooMany, retryAfter: wait) }
    }

    private func count(_ asker: Asker, of user: UserID, _ limits: ServiceLimits) throws(Refusal) {
        let now = now()
        let wait = rates.withLock { $0.askers.take(asker, of: user, limits, now: now) }
        if let wait { throw Refusal(.tooMany, retryAfter: wait) }
    }

    /// Counts a form for some minutes of a chain with far too many objects; false if it had as many as it may.
    private func takeCleanup(of user: UserID, _ limits: ServiceLimits) -> Bool {
        let now = now()
        return rates.withLock { $0.cleanups.take(user, limit: limits.cleanupsPerUser, now: now) == nil }
    }

    private func countRegistration(_ prefix: AddressPrefix?, _ limits: ServiceLimits) throws(Refusal) {
        guard let prefix else { return }
        let now = now()
        let wait = rates.withLock {
            $0.registrations.take(nested: prefix, limit: limits.registrationsPerPrefix, now: now)
        }
        if let wait { throw Refusal(.tooMany, retryAfter: wait) }
    }

    // MARK: Bodies and answers

    /// The body of a signed request.
    private func body(_ request: Request) async throws -> [UInt8] {
        let type = request.headers[.contentType] ?? ""
        let isPlain = ["", "identity"].contains((request.headers[.contentEncoding] ?? "").lowercased())
        guard type.lowercased().prefix(while: { $0 != ";" && $0 != " " }) == "application/octet-stream", isPlain else {
            throw Refusal(.wrongContent)
        }
        return try await Self.collect(request)
    }

    private static func collect(_ request: Request) async throws -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: CredentialsRequest.maximumBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Refusal(.bodyTooLarge)
        } catch {
            throw Refusal(.badRequest)
        }
    }

    /// The signed request in the header `Authorization`.
    private static func authorization(_ request: Request) throws(Refusal) -> [UInt8] {
        let parts = (request.headers[.authorization] ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "easysetup", let bytes = Base64URL.bytes(parts[1]) else {
            throw Refusal(.badBody)
        }
        return bytes
    }

    private func done(_ call: String) -> Response {
        counted.withLock { $0.add(done: call, now: now()) }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    private func refuse(_ refusal: Refusal) -> Response {
        counted.withLock { $0.add(refused: refusal.code, now: now()) }
        logger.debug("request refused", metadata: ["problem": "\(refusal.code.rawValue)"])
        var headers = Self.headers("application/problem+json")
        if let seconds = refusal.retryAfter { headers[.retryAfter] = String(seconds) }
        if let allow = refusal.allow { headers[.allow] = allow }
        return Response(
            status: HTTPResponse.Status(code: refusal.code.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: refusal.problem))
        )
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status,
            headers: headers("text/plain; charset=utf-8"),
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// Nothing that the service answers is to be kept, or to be taken for another type.
    private static func headers(_ type: String) -> HTTPFields {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        headers[.xContentTypeOptions] = "nosniff"
        return headers
    }
}

/// The rates of addresses, chains and devices, which are in memory alone.
private struct ServiceRates: Sendable {
    var prefixes: Rates<AddressPrefix>
    var registrations: Rates<AddressPrefix>
    var askers: AskerRates
    var cleanups: Rates<UserID>

    init(_ limits: ServiceLimits) {
        prefixes = Rates(period: 60, keys: limits.ratedKeys)
        registrations = Rates(period: 3_600, keys: limits.ratedKeys)
        askers = AskerRates(keys: limits.ratedKeys)
        cleanups = Rates(period: 3_600, keys: limits.ratedKeys)
    }

    mutating func set(_ limits: ServiceLimits) {
        prefixes.keys = limits.ratedKeys
        registrations.keys = limits.ratedKeys
        askers.set(keys: limits.ratedKeys)
        cleanups.keys = limits.ratedKeys
    }
}
