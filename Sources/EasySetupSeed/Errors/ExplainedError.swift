/// An error with a description, advice on what to do, and whether a retry may help.
///
/// No text of such an error contains a secret. Errors that are also ``Explained`` have their English texts from
/// ``Explained/explanation``.
public protocol ExplainedError: Error, CustomStringConvertible {
    /// The error's name in `Protocol/` and on the command line, in lower case with dashes.
    var name: String { get }

    /// The advice: one or two sentences for a person that say what to do.
    var advice: String { get }

    /// Whether the same call may succeed later without any change.
    var retryHelps: Bool { get }

    /// The time to wait before a retry; zero if no such time is known.
    var retryAfter: Duration { get }

    /// The name of the cause, if the error has several possible causes with different advice; otherwise nil.
    var cause: String? { get }
}

extension ExplainedError {
    /// The time to wait before a retry. The default is zero, because for most errors nobody knows after what time one
    /// helps.
    public var retryAfter: Duration { .zero }

    /// The name of the error's cause. The default is nil, because an error that can have only one cause needs no name
    /// for it.
    public var cause: String? { nil }
}

extension ExplainedError where Self: Explained {
    /// An English sentence that says what happened.
    public var description: String { explanation.filled(explanation.sentence) }

    /// An English sentence that says what to do next.
    public var advice: String { explanation.filled(explanation.advice) }
}

extension ExplainedError {
    /// The explanation of this error, with the key by which an app finds its own texts: the error's name, the cause's
    /// name, and a variant where one cause has several texts.
    package func explained(
        _ sentence: String,
        _ advice: String,
        variant: String? = nil,
        _ parameters: KeyValuePairs<String, String> = [:]
    ) -> Explanation {
        Explanation.Key(name, cause).texts(sentence, advice, variant: variant, parameters)
    }
}
