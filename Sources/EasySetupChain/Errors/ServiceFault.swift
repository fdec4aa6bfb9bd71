/// The reason why a service for credentials did not do what it was asked (`Protocol/errors.md`, "The chain").
package enum ServiceFault: Error, Hashable, Sendable {
    /// The text is no address of a service, or leads to another machine without TLS.
    case address
    /// The service could not be reached, or did not answer. The text names the cause, such as `refused`.
    case unreachable(String)
    /// The service, or the proxy before it, has no certificate that this device trusts. The text names the cause.
    case untrusted(String)
    /// The answer is none that a device may use.
    case unreadable(Answer)
    /// The service told a problem. `most` is the number in its details, where there is one.
    case problem(ServiceProblem, most: Int? = nil)

    /// The part of an answer that is wrong.
    package enum Answer: String, Error, Hashable, Sendable, CaseIterable {
        /// A status that no such service gives, or a problem that is not in the table.
        case status
        /// A longer body than a device reads.
        case length
        /// A body that is not the JSON of such an answer.
        case content
        /// A prefix that is not that of this chain, or forms below another one.
        case prefix
        /// An endpoint, region or bucket that can't be one, or an endpoint without TLS on another machine.
        case endpoint
        /// Times that are not those of now, or an end that is before now or too far away.
        case times
        /// Keys or fields of forms that can't be sent.
        case keys
    }

    /// A short name of the fault, which may be shown.
    package var detail: String {
        switch self {
        case .address: "address"
        case .unreachable(let cause), .untrusted(let cause): cause
        case .unreadable(let part): part.rawValue
        case .problem(let problem, _): problem.rawValue
        }
    }

    /// Whether the same call may succeed later without any change.
    package var retryHelps: Bool {
        switch self {
        case .unreachable: true
        case .problem(let problem, _): problem.retryHelps
        case .address, .untrusted, .unreadable: false
        }
    }
}
