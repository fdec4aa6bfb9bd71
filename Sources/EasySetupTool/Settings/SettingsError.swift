import EasySetupSeed

/// The reason why a setting in a variable or a file can't be used (`docs/command-line.md`, "Settings"). No text repeats
/// a value, because it may be a secret in the wrong place.
enum SettingsError: ExplainedError, Equatable {
    /// The name of a variable or of a line is that of no setting. `nearest` is the name that was probably meant.
    case unknown(SettingSource, nearest: String?)
    /// The setting exists, but not here.
    case misplaced(SettingSource, Place)
    /// The text in the file is no setting.
    case malformed(SettingSource, Malformed)
    /// A setting with one value is given in two lines.
    case twice(SettingSource, name: String, first: Int)
    /// The value does not fit; the sentence says what would.
    case badValue(SettingSource, String)
    /// The file can't be used.
    case file(String, FileProblem)

    /// The place where a setting belongs.
    enum Place: Equatable, Sendable {
        /// In the file that `easysetup relay --config` reads.
        case relay
        /// In the user's file.
        case user
        /// On the command line, or in this variable.
        case call(String)
    }

    /// The fault of a line.
    enum Malformed: String, Sendable, CaseIterable {
        case noPair = "is not NAME = VALUE"
        case section = "is the heading of a section, of which this file has none"
        case noValue = "has no value"
        case control = "holds a control character or a zero byte"
        case notUTF8 = "is not UTF-8"
        case tooLong = "is longer than 4,096 bytes"
        case quote = "has a quotation mark without its partner"
        case afterQuote = "goes on behind its closing quotation mark"
    }

    /// The fault of the whole file.
    enum FileProblem: Equatable, Sendable {
        case missing, forbidden, noFile, link, tooLarge, foreign, openToOthers
        /// The folder, whose path this is, belongs to another user, or others may write it.
        case folderForeign(String), folderOpen(String)
        case system(Int32)
    }

    var name: String {
        switch self {
        case .unknown, .misplaced: "unknown-setting"
        case .malformed, .twice, .badValue: "bad-setting"
        case .file: "settings-file"
        }
    }

    var description: String {
        switch self {
        case .unknown(.variable(let name), _): "\(name) is the variable of no setting."
        case .unknown(let source, _): "\(Self.start(source)) names no setting."
        case .misplaced(let source, .call):
            "\(Self.start(source)) names an option of a single call, which no file can give."
        case .misplaced(let source, .relay): "\(Self.start(source)) names a setting of the relay."
        case .misplaced(let source, .user):
            "\(Self.start(source)) names a setting of the other commands, which the relay does not have."
        case .malformed(let source, let problem): "\(Self.start(source)) \(problem.rawValue)."
        case .twice(let source, let name, let first): "\(Self.start(source)) sets \(name), as line \(first) does."
        case .badValue(let source, let sentence): "\(Self.start(source)): \(sentence)"
        case .file(let path, let problem): "The settings in \(path) can't be used: \(problem.words)."
        }
    }

    var advice: String {
        switch self {
        case .unknown(.variable, let nearest?): "Did you mean \(nearest)? Else unset it."
        case .unknown(.variable, nil): "Unset it. easysetup COMMAND --help names the variables."
        case .unknown(_, let nearest?): "Did you mean \(nearest)?"
        case .unknown:
            "Take the line out. easysetup config lists the settings, easysetup relay --help those of a relay."
        case .misplaced(_, .call(let variable)): "Give the option with the call, or set \(variable) for it."
        case .misplaced(_, .relay): "It belongs into the file of easysetup relay --config."
        case .misplaced(_, .user): "It belongs into the user's file: easysetup config."
        case .malformed(_, .noValue): "Write a value, or put # before the line: then the default is in force."
        case .malformed(_, .quote), .malformed(_, .afterQuote):
            "A value with # or with spaces at its ends stands in quotation marks, in which \\\" and \\\\ are the mark and the backslash."
        case .malformed: "A line is NAME = VALUE, or a comment that begins with #."
        case .twice: "Take one of the lines out."
        case .badValue(.variable, _): "Set the variable anew, or unset it."
        case .badValue: "Correct it."
        case .file(_, .foreign): "It must belong to you or to root, for its owner decides what this program does."
        case .file(let path, .openToOthers): "Only its owner may write it: chmod go-w \(path)"
        case .file(_, .folderForeign):
            "The folder must belong to you or to root, for its owner decides what this program does."
        case .file(_, .folderOpen(let folder)):
            "Only its owner may write the folder, for others could exchange the file: chmod go-w \(folder)"
        case .file(let path, .forbidden):
            "Let this user read it (id -un names the user): chown root:GROUP \(path) && chmod 640 \(path), with a group of the user, and give it the right to enter the folders above."
        case .file(_, .link): "Put the file itself there."
        case .file: "Check the file's name, kind and rights."
        }
    }

    var retryHelps: Bool { false }

    /// The number of the line with the fault; 0 for a fault elsewhere.
    var line: Int {
        switch self {
        case .unknown(.line(let line, _), _), .misplaced(.line(let line, _), _), .malformed(.line(let line, _), _),
            .twice(.line(let line, _), _, _), .badValue(.line(let line, _), _):
            line
        default: 0
        }
    }

    private static func start(_ source: SettingSource) -> String {
        let text = source.text
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}

/// Several settings that can't be used, so that a person who mends a file learns of all of them at once.
struct SettingsErrors: ExplainedError, Equatable {
    /// The faults, at least two.
    let all: [SettingsError]

    /// The error for some faults; nil if there is none. Faults of lines stand in the order of the lines.
    static func of(_ faults: [SettingsError]) -> (any ExplainedError)? {
        guard faults.count > 1 else { return faults.first }
        let places = faults.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        return SettingsErrors(all: places.map(\.element))
    }

    var name: String { all[0].name }

    /// A line for the number of faults, then one for each fault and one for its advice, but for the last advice. The same
    /// advice for several faults in a row stands behind the last of them.
    var description: String {
        var lines = ["\(all.count) settings can't be used."]
        for (index, fault) in all.enumerated() {
            lines.append(fault.description)
            if index + 1 < all.count, all[index + 1].advice != fault.advice { lines.append(fault.advice) }
        }
        return lines.joined(separator: "\n")
    }

    var advice: String { all[all.count - 1].advice }
    var retryHelps: Bool { false }
}

extension SettingsError.FileProblem {
    fileprivate var words: String {
        switch self {
        case .missing: "there is no such file"
        case .forbidden: "this user may not read or write it, or enter its folder"
        case .noFile: "it is no regular file, or its folder is none"
        case .link: "it is, or its folder is, a symbolic link"
        case .tooLarge: "it has more than 65,536 bytes"
        case .foreign: "it belongs to another user"
        case .openToOthers: "other users may write it"
        case .folderForeign: "its folder belongs to another user"
        case .folderOpen: "other users may write its folder"
        case .system(let number): "system error \(number)"
        }
    }
}
