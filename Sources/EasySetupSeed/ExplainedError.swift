/// An error that a person or a program can act on: what happened, what to do next, whether the same again may help.
///
/// No text of it holds anything secret.
public protocol ExplainedError: Error, CustomStringConvertible {
    /// The error's name in `Protocol/`, in lower case with dashes; the same on the command line.
    var name: String { get }

    /// What to do next, as one or two sentences for the person at the screen.
    var advice: String { get }

    /// Whether the same call may succeed if it is made again, with nothing changed.
    var retryHelps: Bool { get }

    /// How long to wait before that; zero where nobody says so.
    var retryAfter: Duration { get }

    /// The name of what is behind it, where one error has several causes that ask for different things; nil elsewhere.
    var cause: String? { get }
}

extension ExplainedError {
    /// Zero: most errors know of no time after which things are better.
    public var retryAfter: Duration { .zero }

    /// None: most errors have one cause.
    public var cause: String? { nil }
}
