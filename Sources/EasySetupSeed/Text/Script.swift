/// The script of a letter, digit or accent outside ASCII. Errors name the script, because such a letter may look like
/// an English one.
@nonexhaustive public enum Script: String, CaseIterable, Sendable {
    /// A Latin letter with an accent, an accent itself, or a Latin letter that English does not have.
    case latin
    case greek, cyrillic, armenian, hebrew, arabic, devanagari, thai, georgian, cherokee, korean, japanese, chinese
    /// A writing system that is not in this list.
    case other

    /// Words for a character of this script in the middle of a sentence, such as "a Cyrillic character".
    package var aCharacter: String {
        switch self {
        case .latin: "a letter with an accent"
        case .other: "a character of another script"
        case .arabic, .armenian: "an \(rawValue.capitalizedFirst) character"
        default: "a \(rawValue.capitalizedFirst) character"
        }
    }

    /// The script of a letter, digit or combining mark outside ASCII.
    package init(of scalar: UInt32) {
        self = Self.blocks.first { $0.scalars.contains(scalar) }?.script ?? .other
    }

    private static let blocks: [(scalars: ClosedRange<UInt32>, script: Script)] = [
        (0x0080...0x02FF, .latin), (0x0300...0x036F, .latin), (0x0370...0x03FF, .greek), (0x0400...0x052F, .cyrillic),
        (0x0530...0x058F, .armenian), (0x0590...0x05FF, .hebrew), (0x0600...0x06FF, .arabic),
        (0x0750...0x077F, .arabic), (0x0870...0x08FF, .arabic), (0x0900...0x097F, .devanagari),
        (0x0E00...0x0E7F, .thai), (0x10A0...0x10FF, .georgian), (0x1100...0x11FF, .korean),
        (0x13A0...0x13FF, .cherokee), (0x1AB0...0x1AFF, .latin), (0x1C80...0x1C8F, .cyrillic),
        (0x1C90...0x1CBF, .georgian), (0x1D00...0x1D25, .latin), (0x1D26...0x1D2A, .greek),
        (0x1D2B...0x1D2B, .cyrillic),
        (0x1D2C...0x1DFF, .latin), (0x1E00...0x1EFF, .latin), (0x1F00...0x1FFF, .greek), (0x20D0...0x20FF, .latin),
        (0x2C60...0x2C7F, .latin), (0x2D00...0x2D2F, .georgian), (0x2DE0...0x2DFF, .cyrillic),
        (0x2E80...0x2FDF, .chinese), (0x3005...0x3007, .chinese), (0x3021...0x3029, .chinese),
        (0x3031...0x3035, .japanese), (0x3040...0x30FF, .japanese), (0x3130...0x318F, .korean),
        (0x31F0...0x31FF, .japanese), (0x3400...0x4DBF, .chinese), (0x4E00...0x9FFF, .chinese),
        (0xA640...0xA69F, .cyrillic), (0xA720...0xA7FF, .latin), (0xA960...0xA97F, .korean), (0xAB30...0xAB6F, .latin),
        (0xAB70...0xABBF, .cherokee), (0xAC00...0xD7FF, .korean), (0xF900...0xFAFF, .chinese),
        (0xFB00...0xFB06, .latin),
        (0xFB13...0xFB17, .armenian), (0xFB1D...0xFB4F, .hebrew), (0xFB50...0xFDFF, .arabic), (0xFE20...0xFE2F, .latin),
        (0xFE70...0xFEFF, .arabic), (0xFF66...0xFF9F, .japanese), (0xFFA0...0xFFDC, .korean),
        (0x10780...0x107BF, .latin), (0x1E030...0x1E08F, .cyrillic), (0x20000...0x3FFFF, .chinese),
    ]
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
