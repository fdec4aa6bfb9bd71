/// An error of a call to an ``ObjectStore``.
public struct ObjectStoreError: Error, Hashable, Sendable {
    /// The kinds of errors.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The store could not be reached, or did not answer. A retry may help.
        case unreachable
        /// The store refused for lack of rights, or because the credentials have ended.
        case denied
        /// The store asks for fewer calls, or has a trouble of its own. A retry helps later.
        case busy
        /// The store answered something that is not an answer of such a store.
        case unreadable
        /// The store does not take such a name.
        case nameRefused
        /// The bucket does not exist.
        case bucketMissing
        /// The store, or the proxy before it, has no certificate that this device trusts.
        case untrusted
        /// The caller's task was cancelled. The object may be there or not.
        case cancelled
        /// The service that gives out credentials gave none. ``ChainError`` says why.
        case service
        /// The chain has more objects in the store than it may, so it may create none until some are deleted.
        case full
    }

    /// The kind of the error.
    public let code: Code

    /// A short name of the cause, such as `refused` or the store's own `AccessDenied`, which may be shown; empty if there
    /// is none.
    public let detail: String

    /// The time in seconds after which the store asks to be tried again; nil if it named none.
    public let retryAfter: Int?

    /// The reason for the code ``Code/service``; nil with another code.
    package let fault: ServiceFault?

    /// Makes an error.
    public init(_ code: Code, detail: String = "", retryAfter: Int? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
        fault = nil
    }

    /// Makes the error of a service that gave no credentials.
    package init(_ fault: ServiceFault, retryAfter: Int? = nil) {
        code = .service
        detail = fault.detail
        self.retryAfter = retryAfter
        self.fault = fault
    }

    /// Whether the same call may succeed later.
    public var retryHelps: Bool {
        switch code {
        case .unreachable, .busy: true
        case .service: fault?.retryHelps ?? false
        case .denied, .unreadable, .nameRefused, .bucketMissing, .untrusted, .cancelled, .full: false
        }
    }
}
