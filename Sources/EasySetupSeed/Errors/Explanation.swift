/// The texts that explain an error or a state to a person, in parts from which an app can make texts in other
/// languages.
///
/// By the ``key`` an app looks up its own templates in place of ``sentence`` and ``advice``, and fills them by
/// ``filled(_:)``. `docs/texts.md` lists all keys with their English templates.
public struct Explanation: Hashable, Sendable {
    /// The stable key of these texts: the name of the error or state, then the cause's name, and then a variant where a
    /// cause has several texts, joined by dots (`relay-unreachable.refused`).
    public let key: String
    /// The English template that says what happened. A parameter's name in braces stands for its value.
    public let sentence: String
    /// The English template that says what to do next; empty where there is nothing to do.
    public let advice: String
    /// The values that ``filled(_:)`` puts into the templates ``sentence`` and ``advice``.
    public let parameters: [Parameter]

    /// A value, such as a port number, that ``Explanation/filled(_:)`` puts into a template of a text, in the place of
    /// a name.
    public struct Parameter: Hashable, Sendable {
        /// The parameter's name, which stands in braces in the template of a text.
        public let name: String
        /// The parameter's value as text, such as a number in decimal digits.
        public let value: String

        /// Makes a parameter of a template from its name and value.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The key of an error's or a state's texts without the variant, which is added where one cause has several texts.
    package struct Key: Sendable {
        private let text: String

        /// Makes a key of its parts, such as the names of an error and of its cause. Parts that are nil are left out.
        package init(_ parts: String?...) {
            text = parts.compactMap(\.self).joined(separator: ".")
        }

        /// Makes texts with this key, or with this key and a variant.
        package func texts(
            _ sentence: String,
            _ advice: String,
            variant: String? = nil,
            _ parameters: KeyValuePairs<String, String> = [:]
        ) -> Explanation {
            Explanation(key: Key(text, variant).text, sentence: sentence, advice: advice, parameters: parameters)
        }
    }

    /// Makes the texts for an error that an app itself defines.
    public init(key: String, sentence: String, advice: String, parameters: KeyValuePairs<String, String> = [:]) {
        self.key = key
        self.sentence = sentence
        self.advice = advice
        self.parameters = parameters.map { Parameter(name: $0.key, value: $0.value) }
    }

    package init(key: String, sentence: String, advice: String, parameters: [Parameter]) {
        self.key = key
        self.sentence = sentence
        self.advice = advice
        self.parameters = parameters
    }

    /// A parameter's value; nil if there is no parameter of this name.
    public subscript(parameter name: String) -> String? {
        parameters.first { $0.name == name }?.value
    }

    /// The template with the values of the parameters in the place of their names. A name in braces that is no
    /// parameter's stays as it is.
    public func filled(_ template: String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = rest[open..<close].dropFirst()
            text += rest[..<open]
            text += self[parameter: String(name)] ?? "{\(name)}"
            rest = rest[close...].dropFirst()
        }
        return text + rest
    }
}

/// A value that can be explained to a person, in English or by an app's own texts.
public protocol Explained {
    /// The texts that explain this value to a person, in parts: a key, English templates, and the values for the
    /// templates.
    var explanation: Explanation { get }
}
