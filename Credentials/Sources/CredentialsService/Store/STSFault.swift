/// Why STS gave no session.
package enum STSFault: Error, Hashable, Sendable {
    /// No answer came.
    case unreachable
    /// It answered with this status and the store's own word for the error.
    case refused(status: Int, code: String)
    /// The answer is none of STS.
    case unreadable
}

extension STSFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable: "STS can't be reached"
        case .refused(let status, let code): "STS refused with status \(status), \(code)"
        case .unreadable: "the answer is none of STS"
        }
    }
}
