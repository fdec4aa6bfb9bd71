import Foundation
import Testing

/// Holds the rule of `docs/architecture.md` that a file can be read without those above it: the files of a module name
/// each other's types in one direction only.
@Suite("Circles of types") struct TypeCirclesTests {
    @Test("No files of a module name each other's types in a circle") func sources() throws {
        for folder in ["Sources", "Benchmarks/Sources", "Bindings/Sources", "Credentials/Sources", "Tools/Sources"] {
            let top = PagesTests.root.appending(path: folder).path
            let paths = try FileManager.default.subpathsOfDirectory(atPath: top)
                .filter { $0.hasSuffix(".swift") && !$0.contains("/Generated/") }
            let modules = Dictionary(grouping: paths) { $0.prefix { $0 != "/" } }
            #expect(!modules.isEmpty)
            for (_, paths) in modules {
                let files = try paths.map { path in
                    (name: path.components(separatedBy: "/").last!, text: try PagesTests.text("\(folder)/\(path)"))
                }
                #expect(Self.circles(files) == [])
            }
        }
    }

    @Test("A circle is found across three files, and a file of extensions counts as its type's") func circle() {
        let files = [
            (name: "A.swift", text: "@main public struct A {}"), (name: "B.swift", text: "enum B { case a(A) }"),
            (name: "C.swift", text: "class C { let text = \"\\(B.self)\" }"), (name: "D.swift", text: "struct D: C {}"),
        ]
        #expect(Self.circles(files) == [])
        let closing = (name: "A+C.swift", text: "extension A { func f(_ c: C) {} }")
        #expect(Self.circles(files + [closing]) == ["A names C", "B names A", "C names B"])
    }

    @Test("Names in comments and texts are no names of types, and private types are those of one file") func names() {
        let used = """
            // D
            /* D /* D */ D */ let a = "D \\(E.self, "D") D"; let b = #"D " \\(D) \\#(F.self)"#
            let c = \"""
                D "D" \\(G<H>.self)
                \"""
            """
        #expect(SourceNames(used).used == ["E", "F", "G", "H"])
        let declared = "private struct A { struct B {} }; @safe final class C {}; private let d = 1; enum E {}"
        #expect(SourceNames(declared).declared == ["C", "E"])
    }

    /// The circles among the files of a module, as sentences about who names whom.
    private static func circles(_ files: [(name: String, text: String)]) -> [String] {
        // `X+Y.swift` has extensions of `X`, or of what belongs to it.
        let names = Dictionary(grouping: files) { String($0.name.prefix { $0 != "+" && $0 != "." }) }
            .mapValues { SourceNames($0.map(\.text).joined(separator: "\n")) }
        let owners = Dictionary(
            names.flatMap { name, source in source.declared.map { ($0, name) } },
            uniquingKeysWith: { first, _ in first }
        )
        var named = names.mapValues { Set($0.used.compactMap { owners[$0] }) }
        for name in named.keys { named[name]?.remove(name) }
        // A file that names no other, or that no other names, is in no circle. What is left without all such files are
        // the circles, and the ways between them.
        while true {
            let targets = named.values.reduce(into: Set()) { $0.formUnion($1) }
            let rest = named.filter { !$0.value.isEmpty && targets.contains($0.key) }
            if rest.count == named.count { break }
            named = rest.mapValues { $0.intersection(rest.keys) }
        }
        return named.flatMap { name, others in others.map { "\(name) names \($0)" } }.sorted()
    }
}

/// The types that a Swift source declares for other files, and the names of types that it uses.
private struct SourceNames {
    private(set) var declared: Set<String> = []
    private(set) var used: Set<String> = []
    private let source: [UInt8]
    private var place = 0
    /// The number of open braces.
    private var depth = 0
    private var isPrivate = false
    private var isDeclaration = false

    init(_ text: String) {
        source = Array(text.utf8)
        readCode(isInText: false)
    }

    private func begins(_ text: String) -> Bool { source[place...].starts(with: text.utf8) }

    /// Reads code up to the source's end, or, inside a text, up to the parenthesis that ends the code there.
    private mutating func readCode(isInText: Bool) {
        var parentheses = 0
        while place < source.count {
            switch source[place] {
            case UInt8(ascii: "/") where begins("//"): skipLine()
            case UInt8(ascii: "/") where begins("/*"): skipComment()
            case UInt8(ascii: "\""), UInt8(ascii: "#"): readText()
            case UInt8(ascii: "_"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                readWord()
            case let byte:
                place += 1
                switch byte {
                case UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "}"): depth -= 1
                case UInt8(ascii: "("): parentheses += 1
                case UInt8(ascii: ")"):
                    if isInText, parentheses == 0 { return }
                    parentheses -= 1
                default: break
                }
            }
        }
    }

    private mutating func skipLine() {
        while place < source.count, source[place] != UInt8(ascii: "\n") { place += 1 }
    }

    private mutating func skipComment() {
        var open = 0
        repeat {
            let change = begins("/*") ? 1 : begins("*/") ? -1 : 0
            open += change
            place += change == 0 ? 1 : 2
        } while open > 0 && place < source.count
    }

    /// Reads a text and the code in it; passes over a `#` that begins no text.
    private mutating func readText() {
        let hashes = String(repeating: "#", count: source[place...].prefix { $0 == UInt8(ascii: "#") }.count)
        place += hashes.utf8.count
        guard begins("\"") else { return }
        let end = (begins("\"\"\"") ? "\"\"\"" : "\"") + hashes
        place += end.utf8.count - hashes.utf8.count
        while place < source.count, !begins(end) {
            if begins("\\" + hashes + "(") {
                place += hashes.utf8.count + 2
                readCode(isInText: true)
            } else {
                place += hashes.isEmpty && begins("\\") ? 2 : 1
            }
        }
        place += end.utf8.count
    }

    private mutating func readWord() {
        let word = source[place...].prefix { byte in
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
        place = word.endIndex
        let name = String(decoding: word, as: UTF8.self)
        if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= word[word.startIndex] { used.insert(name) }
        guard depth == 0 else { return }
        if isDeclaration {
            if !isPrivate { declared.insert(name) }
            (isDeclaration, isPrivate) = (false, false)
        }
        switch name {
        case "private", "fileprivate": isPrivate = true
        case "struct", "class", "enum", "actor", "protocol", "typealias": isDeclaration = true
        case "extension", "func", "let", "var": isPrivate = false
        default: break
        }
    }
}
