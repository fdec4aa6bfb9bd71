import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import Synchronization

/// An HTTP answer of a store.
struct S3Response: Sendable {
    let status: Int
    let body: [UInt8]
    /// The store's clock in seconds since 1970; nil if the answer has none.
    let date: Int?
    let retryAfter: Duration?
}

/// The reason why no answer came.
struct S3Silence: Error, Equatable {
    let error: ObjectStoreError
    /// Whether another try may help.
    let mayPass: Bool
}

/// A carrier of requests to a store, and of its answers.
protocol S3Carrier: Sendable {
    func carry(_ request: S3Request, timeout: Duration) async throws(S3Silence) -> S3Response
}

/// Connections to a store's host, each of which carries one request at a time. A connection stays open for the next
/// request where the store allows that.
final class S3Network: S3Carrier {
    private let host: RelayAddress
    private let roots: TrustedRoots
    private let proxies: ProxySettings
    private let largest: Int
    private let idleLimit: Int
    private let idle = Mutex<[HTTPConnection]>([])

    convenience init(
        _ address: S3Address,
        trusting roots: TrustedRoots,
        by proxies: ProxySettings,
        limits: S3Limits
    ) {
        self.init(
            to: address.host,
            trusting: roots,
            by: proxies,
            largest: XMLLimits.answerBytes,
            idle: limits.idleConnections
        )
    }

    /// Makes connections to a host.
    ///
    /// - Parameters:
    ///   - largest: the greatest length of an answer's body that is read; of a longer one, one byte more comes.
    ///   - idle: the greatest number of connections that are kept open without a request.
    init(to host: RelayAddress, trusting roots: TrustedRoots, by proxies: ProxySettings, largest: Int, idle: Int) {
        self.host = host
        self.roots = roots
        self.proxies = proxies
        self.largest = largest
        idleLimit = idle
    }

    deinit {
        for connection in idle.withLock({ $0 }) { connection.close() }
    }

    func carry(_ request: S3Request, timeout: Duration) async throws(S3Silence) -> S3Response {
        let connection: HTTPConnection
        if let open = idle.withLock({ $0.popLast() }) {
            connection = open
        } else {
            do throws(PairingError) {
                connection = try HTTPConnection(to: host, trusting: roots, by: proxies, limits: ClientLimits())
            } catch {
                throw S3Silence(error)
            }
        }
        let result = await connection.request(
            request.method,
            request.target,
            headers: request.headers,
            body: request.body,
            timeout: timeout,
            largest: largest
        )
        switch result {
        case .failure(let error):
            connection.close()
            throw S3Silence(error)
        case .success(let answer):
            let isKept = idle.withLock { idle in
                guard idle.count < idleLimit else { return false }
                idle.append(connection)
                return true
            }
            if !isKept { connection.close() }
            return S3Response(
                status: answer.status,
                body: answer.body,
                date: answer.date,
                retryAfter: answer.retryAfter
            )
        }
    }
}

extension S3Silence {
    /// The errors of connecting have the same causes as those of a connection to a relay.
    init(_ error: PairingError) {
        let isUntrusted =
            switch error.kind {
            case .relayUntrusted, .proxyFailed(.untrusted): true
            default: false
            }
        self.error = ObjectStoreError(isUntrusted ? .untrusted : .unreachable, detail: error.cause ?? error.name)
        mayPass = error.retryHelps
    }
}
