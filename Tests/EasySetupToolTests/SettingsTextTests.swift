import EasySetupSeed
import Testing

@testable import EasySetupTool

@Suite("The text of a settings file") struct SettingsTextTests {
    private static func setting(_ name: String, _ kind: OptionNames.Kind, _ isPath: Bool) -> Setting {
        Setting(option: name, command: [], kind: kind, isPath: isPath)
    }

    private static let names = SettingNames(
        user: [
            setting("relay", .value, false), setting("store", .value, true), setting("tags", .list, false),
            setting("seal", .choice, false), setting("yes", .flag, false),
        ],
        relay: [setting("listen", .list, false)]
    )

    private static func read(_ bytes: [UInt8]) throws -> [String] {
        try SettingsText(bytes, path: "f", names: names).entries.map { entry in
            "\(entry.line) \(entry.setting.option)=\(entry.values.joined(separator: "|"))"
        }
    }

    private static let right: [(String, [String])] = [
        ("relay = wss://a", ["1 relay=wss://a"]), ("\n\n  relay=wss://a  \n", ["3 relay=wss://a"]),
        ("# relay = x\n\trelay\t=\twss://a # there\n", ["2 relay=wss://a"]),
        ("relay = wss://a#b\r\nseal = yes\r\n", ["1 relay=wss://a#b", "2 seal=yes"]),
        ("\u{FEFF}relay = a = b", ["1 relay=a = b"]), ("relay = \" a # b \" # c", ["1 relay= a # b "]),
        ("relay = \"\\\"\\\\\"", ["1 relay=\"\\"]), ("relay = a\"b", ["1 relay=a\"b"]),
        ("tags = a, b ,c\nseal = no\ntags = d", ["1 tags=a|b|c|d", "2 seal=no"]), ("relay = a,b", ["1 relay=a,b"]),
        ("", []), ("#", []), ("relay = é😀", ["1 relay=é😀"]),
    ]

    @Test("Lines, comments, quotation marks, line ends and a byte order mark are read", arguments: right)
    func reads(text: String, entries: [String]) throws {
        #expect(try Self.read(Array(text.utf8)) == entries)
    }

    private static func at(_ line: Int) -> SettingSource { .line(line, of: "f") }

    private static let wrong: [(String, SettingsError)] = [
        ("\nrelay", .malformed(at(2), .noPair)), ("= x", .malformed(at(1), .noPair)),
        ("[relay]", .malformed(at(1), .section)), ("relay =", .malformed(at(1), .noValue)),
        ("relay = # x", .malformed(at(1), .noValue)), ("relay = \"\"", .malformed(at(1), .noValue)),
        ("relay = a\0b", .malformed(at(1), .control)), ("relay = a\u{1B}[2J", .malformed(at(1), .control)),
        ("relay = a\rseal = yes", .malformed(at(1), .control)), ("relay = \"a", .malformed(at(1), .quote)),
        ("relay = \"a\\\"", .malformed(at(1), .quote)), ("relay = \"a\" b", .malformed(at(1), .afterQuote)),
        ("relay = " + String(repeating: "x", count: 4089), .malformed(at(1), .tooLong)),
        ("relay = a\nseal = yes\nrelay = a", .twice(at(3), name: "relay", first: 1)),
        ("realy = hunter2", .unknown(at(1), nearest: "relay")), ("--store = x", .unknown(at(1), nearest: "store")),
        ("RELAY = x", .unknown(at(1), nearest: "relay")), ("hunter2 = x", .unknown(at(1), nearest: nil)),
        ("listen = *:1", .misplaced(at(1), .relay)), ("yes = yes", .misplaced(at(1), .call("EASYSETUP_YES"))),
    ]

    @Test("A line that is no setting is refused with its number, and without its text", arguments: wrong)
    func refuses(text: String, error: SettingsError) {
        #expect(throws: error) { try Self.read(Array(text.utf8)) }
        #expect(!(error.description + error.advice).contains("hunter2"))
        #expect(error.description.contains("ine ") && error.description.hasSuffix("."))
    }

    @Test("A path may have any bytes, and other values must be UTF-8") func bytes() throws {
        let text = try SettingsText(Array("store = /a".utf8) + [0xFF], path: "f", names: Self.names)
        #expect(PathArgument(argument: text.entries[0].values[0]).bytes == Array("/a".utf8) + [0xFF])
        for line in [Array("relay = a".utf8) + [0xFF], [0xFF] + Array(" = a".utf8)] {
            #expect(throws: SettingsError.malformed(.line(1, of: "f"), .notUTF8)) { try Self.read(line) }
        }
    }

    @Test(
        "A line that is written is read as the same value",
        arguments: ["a", " a ", "#", "a # b", "a#b", "\"", "\\", "\"\\\" #", "a = b", "é", "\ta"]
    )
    func circle(value: String) throws {
        let line = SettingsText.line("relay", Array(value.utf8))
        #expect(try Self.read(line) == ["1 relay=\(value)"])
        #expect(SettingsText.name(in: line[...]) == "relay")
    }
}
