/// An error with a description, advice on what to do, and whether a retry may help.
///
/// None of its texts contains a secret.
public protocol ExplainedError: Error, CustomStringConvertible {
    /// The error's name in `Protocol/` and on the command line, in lower case with dashes.
    var name: String { get }

    /// The advice: one or two sentences for a person that say what to do.
    var advice: String { get }

    /// Whether the same call may succeed later without any change.
    var retryHelps: Bool { get }

    /// The wait before a retry; zero where none is known.
    var retryAfter: Duration { get }

    /// The name of the cause, where one error has several causes with different advice; nil elsewhere.
    var cause: String? { get }
}

extension ExplainedError {
    /// Zero, because most errors have no known time after which a retry helps.
    public var retryAfter: Duration { .zero }

    /// Nil, because most errors have one cause.
    public var cause: String? { nil }
}
