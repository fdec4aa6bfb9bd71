/// The text of a settings file: lines of `name = value`, comments that begin with `#`, and empty lines
/// (`docs/command-line.md`, "Files of settings").
struct SettingsText {
    /// A setting in the file.
    struct Entry: Equatable {
        let setting: Setting
        /// The values: one, or several of a list.
        var values: [String]
        /// The number of the first line that gives the setting, from 1.
        let line: Int
    }

    static let maximumLineBytes = 4096

    private(set) var entries: [Entry] = []
    /// The faults of the lines that are no entries.
    private(set) var faults: [SettingsError] = []
    private let path: String
    private let names: SettingNames

    /// Reads a text, and goes on behind a line with a fault.
    /// - Parameters:
    ///   - path: the file's path, for errors.
    ///   - names: the settings that the file may give.
    init(reading bytes: [UInt8], path: String, names: SettingNames) {
        self.path = path
        self.names = names
        for (index, line) in Self.lines(bytes).enumerated() {
            do throws(SettingsError) { try add(line, number: index + 1) } catch { faults.append(error) }
        }
    }

    /// Reads a text in which every line must be right.
    /// - Throws: the error of the first line with a fault.
    init(_ bytes: [UInt8], path: String, names: SettingNames) throws(SettingsError) {
        self.init(reading: bytes, path: path, names: names)
        if let first = faults.first { throw first }
    }

    /// The lines of a text, without their ends and without a byte order mark at the start.
    static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
    }

    /// The name at the start of a line that gives a setting; nil for any other line.
    static func name(in line: ArraySlice<UInt8>) -> String? {
        let line = trimmed(line)
        guard line.first != UInt8(ascii: "#"), let mark = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        return String(validating: trimmed(line[..<mark]), as: UTF8.self)
    }

    private mutating func add(_ line: ArraySlice<UInt8>, number: Int) throws(SettingsError) {
        let source = SettingSource.line(number, of: path)
        guard line.count <= Self.maximumLineBytes else { throw .malformed(source, .tooLong) }
        guard line.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }) else {
            throw .malformed(source, .control)
        }
        let text = Self.trimmed(line)
        guard let first = text.first, first != UInt8(ascii: "#") else { return }
        guard let mark = text.firstIndex(of: UInt8(ascii: "=")) else {
            throw .malformed(source, first == UInt8(ascii: "[") ? .section : .noPair)
        }
        guard let name = String(validating: Self.trimmed(text[..<mark]), as: UTF8.self) else {
            throw .malformed(source, .notUTF8)
        }
        guard !name.isEmpty else { throw .malformed(source, .noPair) }
        let setting = try names.setting(name, at: source)
        let bytes = try Self.value(text[text.index(after: mark)...], source)
        guard !bytes.isEmpty else { throw .malformed(source, .noValue) }
        guard setting.isPath || String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(source, .notUTF8)
        }
        let value = PathArgument.text(of: bytes)
        guard let index = entries.firstIndex(where: { $0.setting == setting }) else {
            entries.append(Entry(setting: setting, values: Self.values(value, of: setting), line: number))
            return
        }
        guard setting.kind == .list else { throw .twice(source, name: name, first: entries[index].line) }
        entries[index].values += Self.values(value, of: setting)
    }

    /// The values of a list, which commas separate, or the one value.
    private static func values(_ text: String, of setting: Setting) -> [String] {
        guard setting.kind == .list else { return [text] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmingSpaces) }
    }

    /// The value in the rest of a line: without a comment, and without quotation marks around it.
    private static func value(
        _ rest: ArraySlice<UInt8>,
        _ source: SettingSource
    ) throws(SettingsError) -> [UInt8] {
        let rest = trimmed(rest)
        guard rest.first == UInt8(ascii: "\"") else {
            let comment = rest.indices.first { index in
                rest[index] == UInt8(ascii: "#") && (index == rest.startIndex || isSpace(rest[index - 1]))
            }
            return Array(trimmed(rest[..<(comment ?? rest.endIndex)]))
        }
        var value: [UInt8] = []
        var index = rest.startIndex + 1
        while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
            if rest[index] == UInt8(ascii: "\\"), index + 1 < rest.endIndex { index += 1 }
            value.append(rest[index])
            index += 1
        }
        guard index < rest.endIndex else { throw .malformed(source, .quote) }
        let end = trimmed(rest[(index + 1)...])
        guard end.isEmpty || end.first == UInt8(ascii: "#") else { throw .malformed(source, .afterQuote) }
        return value
    }

    /// A line that gives a setting this value.
    static func line(_ name: String, _ value: [UInt8]) -> [UInt8] {
        let quoted = value.flatMap { byte in
            byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
        }
        let isPlain = trimmed(value[...]).count == value.count && !value.contains { "#\"\\".utf8.contains($0) }
        return Array("\(name) = ".utf8) + (isPlain ? value : Array("\"".utf8) + quoted + Array("\"".utf8))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return bytes
    }
}

extension StringProtocol {
    fileprivate var trimmingSpaces: SubSequence {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
