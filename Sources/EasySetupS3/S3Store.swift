public import EasySetup
public import EasySetupChain
import Synchronization

/// A bucket of an S3-compatible store.
///
/// Objects are created by a signed form where the credentials have one, listed by ListObjectsV2 and deleted by
/// DeleteObjects, or by single calls where a store refuses that to sessions. Each call is tried again when that may help,
/// and gets new credentials once when the store refuses it.
public final class S3Store: ObjectStore {
    /// A bucket, and the facts that are known of its store.
    private struct Place: Sendable {
        let requests: S3Requests
        let carrier: any S3Carrier
        /// The store's clock less this device's, in seconds.
        var clockDifference = 0
        /// Whether the store deletes objects one by one alone.
        var deletesSingly = false
    }

    /// The bucket where all credentials count; nil where each answer of a service names it.
    private let home: S3Address?
    private let carrier: @Sendable (S3Address) -> any S3Carrier
    private let keeper: CredentialsKeeper
    private let times: S3Times
    private let bounds: S3Limits
    private let place = Mutex<Place?>(nil)
    /// When the service was asked last whether the bucket has moved, by this device's clock.
    private let lookedForMove = Mutex<Int?>(nil)

    /// The limits that every known store keeps, and that of every service on the collections of a device.
    public let limits: ObjectStoreLimits

    /// Makes a store; it connects with the first call.
    ///
    /// - Parameters:
    ///   - address: the bucket.
    ///   - credentials: the source of what the device may do in the bucket.
    ///   - roots: the certificate authorities that are trusted for the store.
    ///   - proxies: the proxy, if there is one.
    ///   - limits: the limits of the calls.
    public convenience init(
        _ address: S3Address,
        credentials: any S3CredentialsSource,
        trusting roots: TrustedRoots = .system,
        proxies: ProxySettings = .environment,
        limits: S3Limits = S3Limits()
    ) {
        self.init(
            address,
            credentials: credentials,
            carrier: S3Network(address, trusting: roots, by: proxies, limits: limits),
            times: .system,
            limits: limits
        )
    }

    convenience init(
        _ address: S3Address,
        credentials: any S3CredentialsSource,
        carrier: any S3Carrier,
        times: S3Times,
        limits: S3Limits = S3Limits()
    ) {
        self.init(address, credentials, { _ in carrier }, times, limits)
    }

    convenience init(
        service: any S3CredentialsSource,
        carrier: @escaping @Sendable (S3Address) -> any S3Carrier,
        times: S3Times,
        limits: S3Limits = S3Limits()
    ) {
        self.init(nil, service, carrier, times, limits)
    }

    private init(
        _ home: S3Address?,
        _ credentials: any S3CredentialsSource,
        _ carrier: @escaping @Sendable (S3Address) -> any S3Carrier,
        _ times: S3Times,
        _ limits: S3Limits
    ) {
        self.home = home
        keeper = CredentialsKeeper(credentials, limits: limits)
        self.carrier = carrier
        self.times = times
        bounds = limits
        self.limits =
            home == nil ? ObjectStoreLimits(collectionsPerDevice: CredentialsLimits.serviceRights) : ObjectStoreLimits()
    }

    /// Creates an empty object, by one request. A name that some known store would change or refuse is not sent, and
    /// refused with `nameRefused`.
    public func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        guard S3Requests.takes(name, limits: limits) else { throw ObjectStoreError(.nameRefused) }
        let (_, time) = try await call { requests, credentials, now in
            requests.put(name, credentials, at: now)
        } reading: { _ throws(XMLFault) in
            ()
        }
        return time
    }

    /// Lists objects, by one request for each page.
    public func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        let limit = max(1, min(limit, limits.listedPerCall))
        let (answer, time) = try await call { requests, credentials, now in
            requests.list(prefix: prefix, after: after, limit: limit, credentials, at: now)
        } reading: { bytes throws(XMLFault) in
            try ListAnswer(bytes, most: limit)
        }
        return ObjectPage(entries: answer.entries, isTruncated: answer.isTruncated, time: time)
    }

    /// Deletes objects, by one request for 1,000 of them where the store allows that.
    public func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        var time = StoreTime(milliseconds: UInt64(max(0, now)) * 1_000)
        var start = 0
        while start < names.count {
            let end = min(start + limits.deletionsPerCall, names.count)
            time = try await deleteSome(Array(names[start..<end]))
            start = end
        }
        return time
    }

    private func deleteSome(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        // One name needs no list, and a list can't have every name.
        if names.count > 1, place.withLock({ $0?.deletesSingly }) != true, names.allSatisfy(S3Requests.isPrintable) {
            do throws(ObjectStoreError) {
                let (answer, time) = try await call { requests, credentials, now in
                    requests.delete(names, credentials, at: now)
                } reading: { bytes throws(XMLFault) in
                    try DeleteAnswer(bytes)
                }
                if answer.refusals.isEmpty { return time }
            } catch {
                guard error.code == .denied || error.code == .unreadable else { throw error }
            }
            // Ceph 16 refuses a session's DeleteObjects even for objects that the session may delete.
            let time = try await deleteSingly(names)
            place.withLock { $0?.deletesSingly = true }
            return time
        }
        return try await deleteSingly(names)
    }

    private func deleteSingly(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        var last = StoreTime(milliseconds: 0)
        for name in names {
            (_, last) = try await call { requests, credentials, now in
                requests.delete(name, credentials, at: now)
            } reading: { _ throws(XMLFault) in
                ()
            }
        }
        return last
    }

    /// Whether the service has said that the chain has more objects than it may. It is asked again after ten minutes, unless
    /// it has given a form to clean up, as it does only now and then.
    public func isFull() async throws(ObjectStoreError) -> Bool {
        let used = try await keeper.credentials(refused: nil) { self.now }
        guard used.credentials.isFull, used.credentials.forms?.isEmpty ?? true, isOld(since: used.since) else {
            return used.credentials.isFull
        }
        return try await keeper.credentials(refused: used.number) { self.now }.credentials.isFull
    }

    /// Whether a service may have counted the objects of a full chain again.
    private func isOld(since: Int) -> Bool { now - since >= Int(bounds.fullPause.components.seconds) }

    /// The store's time in seconds since 1970, as far as it is known.
    private var now: Int { times.seconds() + (place.withLock { $0?.clockDifference } ?? 0) }

    /// The bucket where credentials count. Another one than that of the last call is another store, of which nothing is
    /// known.
    private func place(for credentials: S3Credentials) throws(ObjectStoreError) -> (S3Requests, any S3Carrier) {
        guard let address = home ?? credentials.address else {
            throw ObjectStoreError(.unreadable, detail: "no-address")
        }
        return place.withLock { place in
            if let place, place.requests.address == address { return (place.requests, place.carrier) }
            let new = Place(requests: S3Requests(address: address), carrier: carrier(address))
            place = new
            return (new.requests, new.carrier)
        }
    }

    /// Notes the time of an answer of the bucket that was asked.
    private func note(date: Int, of requests: S3Requests) {
        let difference = date - times.seconds()
        place.withLock { if $0?.requests.address == requests.address { $0?.clockDifference = difference } }
    }

    /// Whether the service is to be asked where the bucket is now, after an error that a move explains. A store that is
    /// away is no reason to ask at each call.
    private func looksForMove(after error: ObjectStoreError) -> Bool {
        guard home == nil, error.code == .unreachable || error.code == .bucketMissing else { return false }
        let now = times.seconds()
        let pause = Int(bounds.renewalPause.components.seconds)
        return lookedForMove.withLock { last in
            if let last, (last..<last + pause).contains(now) { return false }
            last = now
            return true
        }
    }

    /// Makes a call, and tries it again as ``CallPolicy`` says.
    ///
    /// - Parameter request: makes the request; nil if the credentials have no form for it.
    private func call<Answer>(
        _ request: (S3Requests, S3Credentials, Int) -> S3Request?,
        reading read: ([UInt8]) throws(XMLFault) -> Answer
    ) async throws(ObjectStoreError) -> (Answer, StoreTime) {
        var policy = CallPolicy(bounds)
        var refused: Int?
        while true {
            guard !Task.isCancelled else { throw ObjectStoreError(.cancelled) }
            let used = try await keeper.credentials(refused: refused) { self.now }
            let (requests, carrier) = try place(for: used.credentials)
            let signedAt = now
            var answer: (Answer, StoreTime)?
            var clockError: Duration?
            let outcome: CallPolicy.Outcome
            do throws(S3Silence) {
                guard let request = request(requests, used.credentials, signedAt) else {
                    if used.credentials.isFull, isOld(since: used.since), refused != used.number {
                        refused = used.number
                        continue
                    }
                    let error: ObjectStoreError =
                        used.credentials.isFull
                        ? ObjectStoreError(.full) : ObjectStoreError(.denied, detail: "no-form")
                    throw S3Silence(error: error, mayPass: false)
                }
                let response = try await carrier.carry(request, timeout: bounds.callTimeout)
                if let date = response.date {
                    note(date: date, of: requests)
                    clockError = .seconds(date - signedAt)
                }
                (outcome, answer) = Self.outcome(response, read)
            } catch {
                guard !Task.isCancelled else { throw ObjectStoreError(.cancelled) }
                outcome = .failed(error.error, mayPass: error.mayPass)
            }
            switch policy.after(outcome, clockError: clockError, draw: times.draw()) {
            case .succeed:
                guard let answer else { throw ObjectStoreError(.unreadable) }
                return answer
            case .fail(let error):
                guard looksForMove(after: error), await hasMoved(from: requests.address, used.number) else {
                    throw error
                }
                policy = CallPolicy(bounds)
            case .again(let pause, let isRenewing):
                if isRenewing { refused = used.number }
                if pause > .zero { await times.sleep(pause) }
            }
        }
    }

    /// Asks the service for other credentials than those with this number, and says whether they are for another bucket.
    private func hasMoved(from address: S3Address, _ number: Int) async -> Bool {
        let renewed = try? await keeper.credentials(refused: number) { self.now }
        return renewed.map { $0.credentials.address != address } ?? false
    }

    private static func outcome<Answer>(
        _ response: S3Response,
        _ read: ([UInt8]) throws(XMLFault) -> Answer
    ) -> (CallPolicy.Outcome, (Answer, StoreTime)?) {
        let hasAnswer = (200..<300).contains(response.status)
        var code = hasAnswer ? nil : ErrorAnswer(response.body)?.code
        if CallPolicy.kind(status: response.status, code: code) == nil {
            if let date = response.date, date >= 0, let answer = try? read(response.body) {
                let outcome = CallPolicy.Outcome.answered(status: response.status, code: code, retryAfter: nil)
                return (outcome, (answer, StoreTime(milliseconds: UInt64(date) * 1_000)))
            }
            // A store may report an error after it has begun its answer with a success.
            code = hasAnswer ? ErrorAnswer(response.body)?.code : nil
            if code == nil { return (.unreadable(response.date == nil ? "no-date" : "no-answer-of-s3"), nil) }
        }
        return (.answered(status: response.status, code: code, retryAfter: response.retryAfter), nil)
    }
}
