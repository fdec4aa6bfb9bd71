import EasySetupChain

/// The decision after each try of a call to a service for credentials: an answer, another try, or an error
/// (`Protocol/credentials.md`, "The clock" and "Problems"). It is pure; ``CredentialsClient`` carries it out.
///
/// Every call of the service can be repeated without harm, so a try whose answer is lost is made again.
struct CredentialsPolicy {
    /// The result of a try.
    enum Outcome: Equatable {
        /// The service did what it was asked.
        case done
        /// The service told a problem, and perhaps its time or a wait.
        case problem(ServiceProblem, most: Int? = nil, time: Int? = nil, retryAfter: Duration? = nil)
        /// There is no answer, or none that a device may use. `mayPass` says whether another try may help.
        case failed(ServiceFault, mayPass: Bool)
    }

    /// The next step.
    enum Step: Equatable {
        case succeed
        /// Sign anew and try again after this pause.
        /// - Parameter time: the service's time in seconds since 1970, by which this device's clock is corrected before;
        ///   nil where it stays as it is.
        case again(after: Duration, time: Int?)
        case fail(ObjectStoreError)
    }

    private let limits: CredentialsLimits
    private var tries = 0
    private var hasMendedClock = false

    init(_ limits: CredentialsLimits) {
        self.limits = limits
    }

    /// Takes what came of a try.
    /// - Parameter draw: a random number in 0..<1, for the pause.
    mutating func after(_ outcome: Outcome, draw: Double) -> Step {
        switch outcome {
        case .done: return .succeed
        case .failed(let fault, let mayPass): return mayPass ? pause(fault, nil, draw) : .fail(ObjectStoreError(fault))
        case .problem(let problem, let most, let time, let retryAfter):
            let fault = ServiceFault.problem(problem, most: most)
            switch problem {
            case .wrongClock:
                guard !hasMendedClock else { return .fail(ObjectStoreError(fault)) }
                guard let time, (0...CredentialsAnswer.lastSecond).contains(time) else {
                    return .fail(ObjectStoreError(.unreadable(.times)))
                }
                hasMendedClock = true
                return .again(after: .zero, time: time)
            case .nonceUsed:
                tries += 1
                return tries < limits.tries ? .again(after: .zero, time: nil) : .fail(ObjectStoreError(fault))
            case .tooMany, .storeFailed, .noNode, .busy: return pause(fault, retryAfter, draw)
            default: return .fail(ObjectStoreError(fault))
            }
        }
    }

    private mutating func pause(_ fault: ServiceFault, _ asked: Duration?, _ draw: Double) -> Step {
        tries += 1
        guard tries < limits.tries, asked ?? .zero <= limits.longestPause else {
            let seconds = asked.map { $0.components.seconds + ($0.components.attoseconds > 0 ? 1 : 0) }
            return .fail(ObjectStoreError(fault, retryAfter: seconds.map { Int(clamping: $0) }))
        }
        let pause = min(limits.pause * (1 << min(tries - 1, 16)), limits.longestPause)
        return .again(after: max(asked ?? .zero, pause / 2 + pause / 2 * draw), time: nil)
    }

    /// The outcome for which an answer without the asked content stands.
    static func outcome(_ response: S3Response) -> Outcome {
        let details = ProblemDetails(response.body)
        if let details, let problem = details.problem {
            return .problem(problem, most: details.most, time: details.time, retryAfter: response.retryAfter)
        }
        switch response.status {
        // A proxy before the service answers like this, or a later version of the service.
        case 408, 425, 429, 500, 502, 503, 504, 520...530: return .problem(.busy, retryAfter: response.retryAfter)
        default: return .failed(.unreadable(.status), mayPass: false)
        }
    }
}
