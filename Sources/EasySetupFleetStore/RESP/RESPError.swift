/// The reason why the bytes of a server are no RESP2, or more than a relay takes.
package enum RESPError: Error, Hashable, Sendable {
    /// An answer begins with a byte that stands for no kind of value.
    case unknownKind(UInt8)
    /// A line does not end with CR and LF, or has one of them inside.
    case badLineEnd
    /// A line has more bytes than its kind may have.
    case lineTooLong
    /// A number or a length is not written in its shortest form, or is too large for any.
    case badNumber
    /// A text is followed by something else than CR and LF.
    case badTextEnd
    /// A text is longer than an answer may be.
    case textTooLong
    /// A list has more values than a relay takes, alone or with the others of the same answer.
    case listTooLong
    /// Lists in lists in lists, deeper than a relay takes.
    case nestedTooDeep
    /// An answer has more bytes than a relay takes, those that say its form included.
    case answerTooLong
}

/// How much of one answer a relay takes. No answer to a command of its own comes near.
package struct RESPLimits: Hashable, Sendable {
    /// The bytes of an answer, those that say its form included.
    package var answerBytes = 65_536
    /// The bytes of a line that is a text or an error.
    package var lineBytes = 512
    /// The values of a list.
    package var listValues = 64
    /// The values of an answer, those of all its lists together.
    package var answerValues = 512
    /// How deep lists may be in each other.
    package var nesting = 4

    package init() {}
}
