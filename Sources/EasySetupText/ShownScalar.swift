/// The characters that a text of a stranger may have. Characters that Unicode 15.0 does not have are forbidden, so that
/// all devices accept the same texts, whatever the version of their Unicode tables is.
enum ShownScalar {
    private static let version = (major: 15, minor: 0)

    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        let properties = scalar.properties
        guard let age = properties.age, age <= version, !properties.isDefaultIgnorableCodePoint,
            !unfit.contains(where: { $0.contains(scalar) })
        else { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            return false
        default: return true
        }
    }

    /// Whether the character is visible by itself: neither a space nor a combining mark.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool { scalar != " " && !isMark(scalar) }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether a screen draws the character on the one before it, without a column of its own.
    static func isPiled(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The greatest number of characters in a row that a screen draws on one.
    static func longestPile(_ scalars: String.UnicodeScalarView) -> Int {
        var (marks, most) = (0, 0)
        for scalar in scalars {
            marks = isPiled(scalar) ? marks + 1 : 0
            most = max(most, marks)
        }
        return most
    }

    /// Whether the same mark stands on a character twice in a row.
    static func hasTwin(_ scalars: String.UnicodeScalarView) -> Bool {
        zip(scalars, scalars.dropFirst()).contains { $0 == $1 && isPiled($0) }
    }

    /// Whether two characters side by side look like one quotation mark.
    static func isPair(_ one: Unicode.Scalar?, _ other: Unicode.Scalar?) -> Bool {
        guard let one, let other else { return false }
        return half.contains { $0.contains(one) } && half.contains { $0.contains(other) }
    }

    /// Apostrophes, accents and primes, two of which look like a quotation mark.
    private static let half: [ClosedRange<Unicode.Scalar>] = [
        "\u{27}"..."\u{27}", "\u{60}"..."\u{60}", "\u{B4}"..."\u{B4}", "\u{2B9}"..."\u{2B9}", "\u{2BB}"..."\u{2BE}",
        "\u{2C8}"..."\u{2C8}", "\u{2CA}"..."\u{2CB}", "\u{2F4}"..."\u{2F4}", "\u{384}"..."\u{384}",
        "\u{55A}"..."\u{55A}", "\u{55D}"..."\u{55D}", "\u{5F3}"..."\u{5F3}", "\u{7F4}"..."\u{7F5}",
        "\u{1FBD}"..."\u{1FBD}", "\u{1FBF}"..."\u{1FBF}", "\u{1FFE}"..."\u{1FFE}", "\u{2018}"..."\u{201B}",
        "\u{2032}"..."\u{2032}", "\u{2035}"..."\u{2035}", "\u{A78B}"..."\u{A78C}", "\u{FF07}"..."\u{FF07}",
        "\u{FF40}"..."\u{FF40}",
    ]

    /// Further forbidden characters: quotation marks and characters that look like a part of them, symbols that fonts
    /// draw as nothing, the object replacement character, and the replacement character.
    private static let unfit: [ClosedRange<Unicode.Scalar>] = [
        "\u{22}"..."\u{22}", "\u{AB}"..."\u{AB}", "\u{BB}"..."\u{BB}", "\u{2BA}"..."\u{2BA}", "\u{2DD}"..."\u{2DD}",
        "\u{2EE}"..."\u{2EE}", "\u{2F5}"..."\u{2F6}", "\u{5F4}"..."\u{5F4}", "\u{201C}"..."\u{201F}",
        "\u{2033}"..."\u{2034}", "\u{2036}"..."\u{2037}", "\u{2057}"..."\u{2057}",
        "\u{275D}"..."\u{275E}", "\u{2760}"..."\u{2760}", "\u{2800}"..."\u{2800}", "\u{3003}"..."\u{3003}",
        "\u{301D}"..."\u{301F}",
        "\u{FF02}"..."\u{FF02}",
        "\u{FFFC}"..."\u{FFFD}", "\u{16FE4}"..."\u{16FE4}", "\u{1D159}"..."\u{1D159}", "\u{1F676}"..."\u{1F678}",
    ]
}
