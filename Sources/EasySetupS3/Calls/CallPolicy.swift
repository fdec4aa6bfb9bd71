import EasySetupChain

/// The decision after each try of a call: an answer, another try, or an error. It is pure; ``S3Store`` carries it out.
///
/// Every call of a store can be repeated without harm, so a try whose answer is lost is made again.
struct CallPolicy {
    /// The result of a try.
    enum Outcome: Equatable {
        /// The store answered. `code` is that of its error, if it reported one.
        case answered(status: Int, code: String?, retryAfter: Duration?)
        /// No answer came. `mayPass` says whether another try may help.
        case failed(ObjectStoreError, mayPass: Bool)
        /// The answer's status is that of a success, and its body is none.
        case unreadable(String)
    }

    /// The next step.
    enum Step: Equatable {
        case succeed
        /// Try again after this pause.
        /// - Parameter renewing: with credentials other than those that were used.
        case again(after: Duration, renewing: Bool)
        case fail(ObjectStoreError)
    }

    private let limits: S3Limits
    private var tries = 0
    private var hasRenewed = false
    private var hasMendedClock = false

    init(_ limits: S3Limits) {
        self.limits = limits
    }

    /// Takes what came of a try.
    ///
    /// - Parameters:
    ///   - clockError: the difference between the store's clock and the time of the signature; nil if the answer had no
    ///     time.
    ///   - draw: a random number in 0..<1, for the pause.
    mutating func after(_ outcome: Outcome, clockError: Duration?, draw: Double) -> Step {
        switch outcome {
        case .failed(let error, let mayPass): return mayPass ? pause(error, nil, draw) : .fail(error)
        case .unreadable(let detail): return pause(ObjectStoreError(.unreadable, detail: detail), nil, draw)
        case .answered(let status, let code, let retryAfter):
            guard let kind = Self.kind(status: status, code: code) else { return .succeed }
            let detail = code ?? "\(status)"
            let wait = retryAfter.map { Int(($0 / .milliseconds(1)).rounded(.up)) }.map { ($0 + 999) / 1_000 }
            let error = ObjectStoreError(kind, detail: detail, retryAfter: wait)
            switch kind {
            case .busy: return pause(error, retryAfter, draw)
            case .denied:
                if let clockError, abs(clockError) > limits.clockTolerance, !hasMendedClock {
                    hasMendedClock = true
                    return .again(after: .zero, renewing: false)
                }
                // After the end of credentials each store answers in another way: facts of all of them are one.
                guard !hasRenewed else { return .fail(error) }
                hasRenewed = true
                return .again(after: .zero, renewing: true)
            default: return .fail(error)
            }
        }
    }

    private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }

    private mutating func pause(_ error: ObjectStoreError, _ asked: Duration?, _ draw: Double) -> Step {
        tries += 1
        guard tries < limits.tries, asked ?? .zero <= limits.longestPause else { return .fail(error) }
        let pause = min(limits.pause * (1 << min(tries - 1, 16)), limits.longestPause)
        return .again(after: max(asked ?? .zero, pause / 2 + pause / 2 * draw), renewing: false)
    }

    /// The kind of the error that an answer reports; nil for a success.
    static func kind(status: Int, code: String?) -> ObjectStoreError.Code? {
        switch code {
        case "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Busy", "TooManyRequests",
            "OperationAborted", "RequestLimitExceeded", "Throttling", "ThrottlingException", "503":
            return .busy
        case "NoSuchBucket": return .bucketMissing
        case "KeyTooLongError", "InvalidObjectName", "InvalidURI", "XMinioInvalidObjectName",
            "XMinioInvalidResourceName":
            return .nameRefused
        default: break
        }
        switch status {
        case 200..<300: return code == nil ? nil : .unreadable
        // The object of a DELETE is not there.
        case 404 where code == "NoSuchKey": return nil
        case 400, 401, 403: return .denied
        case 408, 425, 429, 500, 502, 503, 504, 520...530: return .busy
        default: return .unreadable
        }
    }
}
