public import EasySetup
public import EasySetupChain
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A bucket of an S3-compatible store.
///
/// Objects are created by a signed form where the credentials have one, listed by ListObjectsV2 and deleted by
/// DeleteObjects, or by single calls where a store refuses that to sessions. Each call is tried again when that may help,
/// and gets new credentials once when the store refuses it.
public final class S3Store: ObjectStore {
    private let requests: S3Requests
    private let carrier: any S3Carrier
    private let keeper: CredentialsKeeper
    private let times: S3Times
    private let bounds: S3Limits
    /// The store's clock less this device's, in seconds.
    private let clockDifference = Mutex(0)
    /// Whether the store deletes objects one by one alone.
    private let deletesSingly = Mutex(false)

    /// The limits that every known store keeps.
    public let limits = ObjectStoreLimits()

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

    init(
        _ address: S3Address,
        credentials: any S3CredentialsSource,
        carrier: any S3Carrier,
        times: S3Times,
        limits: S3Limits = S3Limits()
    ) {
        requests = S3Requests(address: address)
        keeper = CredentialsKeeper(credentials, limits: limits)
        self.carrier = carrier
        self.times = times
        bounds = limits
    }

    /// Creates an empty object, by one request. A name that some known store would change or refuse is not sent, and
    /// refused with `nameRefused`.
    public func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        guard S3Requests.takes(name, limits: limits) else { throw ObjectStoreError(.nameRefused) }
        let (_, time) = try await call { [requests] credentials, now in
            requests.put(name, credentials, at: now)
        } reading: { _ throws(XMLFault) in
            ()
        }
        return time
    }

    /// Lists objects, by one request for each page.
    public func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        let limit = max(1, min(limit, limits.listedPerCall))
        let (answer, time) = try await call { [requests] credentials, now in
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
        if names.count > 1, !deletesSingly.withLock({ $0 }), names.allSatisfy(S3Requests.isPrintable) {
            do throws(ObjectStoreError) {
                let (answer, time) = try await call { [requests] credentials, now in
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
            deletesSingly.withLock { $0 = true }
            return time
        }
        return try await deleteSingly(names)
    }

    private func deleteSingly(_ names: [String]) async throws(ObjectStoreError) -> StoreTime {
        var last = StoreTime(milliseconds: 0)
        for name in names {
            (_, last) = try await call { [requests] credentials, now in
                requests.delete(name, credentials, at: now)
            } reading: { _ throws(XMLFault) in
                ()
            }
        }
        return last
    }

    /// The store's time in seconds since 1970, as far as it is known.
    private var now: Int { times.seconds() + clockDifference.withLock { $0 } }

    /// Makes a call, and tries it again as ``CallPolicy`` says.
    private func call<Answer>(
        _ request: (S3Credentials, Int) -> S3Request?,
        reading read: ([UInt8]) throws(XMLFault) -> Answer
    ) async throws(ObjectStoreError) -> (Answer, StoreTime) {
        var policy = CallPolicy(bounds)
        var refused: Int?
        while true {
            guard !Task.isCancelled else { throw ObjectStoreError(.cancelled) }
            let used = try await keeper.credentials(refused: refused) { self.now }
            let signedAt = now
            var answer: (Answer, StoreTime)?
            var clockError: Duration?
            let outcome: CallPolicy.Outcome
            do throws(S3Silence) {
                guard let request = request(used.credentials, signedAt) else {
                    throw S3Silence(error: ObjectStoreError(.denied, detail: "no-form"), mayPass: false)
                }
                let response = try await carrier.carry(request, timeout: bounds.callTimeout)
                if let date = response.date {
                    let difference = date - times.seconds()
                    clockDifference.withLock { $0 = difference }
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
            case .fail(let error): throw error
            case .again(let pause, let isRenewing):
                if isRenewing { refused = used.number }
                if pause > .zero { await times.sleep(pause) }
            }
        }
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

/// The clock, the pauses and the random numbers of a store's calls.
struct S3Times: Sendable {
    /// This device's time in seconds since 1970.
    let seconds: @Sendable () -> Int
    /// Waits; a cancelled task does not wait to the end.
    let sleep: @Sendable (Duration) async -> Void
    /// A random number in 0..<1.
    let draw: @Sendable () -> Double

    static let system = S3Times(
        seconds: { Int(Date().timeIntervalSince1970.rounded(.down)) },
        sleep: { try? await Task.sleep(for: $0) },
        draw: { Double.random(in: 0..<1) }
    )
}
