import Foundation
import Testing

/// The model of the pairing and the sources must have the same states. `scripts/model` checks the models themselves.
@Suite("The model and the code") struct ModelTests {
    static let model = "Protocol/model/pairing.pml"
    static let fleet = "Protocol/model/fleet.pml"

    /// A list of states in a model, and the Swift enum that has the same states according to the model's comment.
    struct States {
        let model: String
        let name: String
        let file: String
        let enumeration: String
        /// The states that the model has beside those of the enum on purpose.
        let added: Set<String>
        /// The cases of the enum that the model leaves out on purpose.
        let leftOut: Set<String>
        let states: Set<String>

        static func all() throws -> [States] {
            try [ModelTests.model, ModelTests.fleet].flatMap { try all(in: $0) }
        }

        private static func all(in model: String) throws -> [States] {
            let pattern =
                /\/\* (Sources\/[A-Za-z\/]+\.swift), enum (\w+)(?:, and ([a-zA-Z, ]+) \([^)]*\))?(?:, but for ([a-zA-Z, ]+) \([^)]*\))? \*\/\nmtype:(\w+) = \{([^}]*)\}/
            return try PagesTests.text(model).matches(of: pattern).map { match in
                States(
                    model: model,
                    name: String(match.5),
                    file: String(match.1),
                    enumeration: String(match.2),
                    added: Set(match.3.map { words($0) } ?? []),
                    leftOut: Set(match.4.map { words($0) } ?? []),
                    // Names must be unique in Promela, so each has a prefix, which ends with `_`.
                    states: Set(words(match.6).map { String($0.drop { $0 != "_" }.dropFirst()) })
                )
            }
        }

        private static func words(_ list: Substring) -> [String] {
            list.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        }
    }

    /// The cases of an enum in a source, without those of enums inside it.
    static func cases(of enumeration: String, in source: String) throws -> Set<String> {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.contains(/\benum \w+/) && $0.contains("enum \(enumeration)") })
        let indent = lines[start].prefix { $0 == " " }
        let end = try #require(lines[start...].firstIndex { $0 == indent + "}" })
        return Set(
            lines[start..<end].filter { $0.hasPrefix(indent + "    case ") }
                .map { String($0.dropFirst(indent.count + 9).prefix { $0.isLetter || $0.isNumber }) }
        )
    }

    @Test("Every state of a model is a case of the enum it names, and every case a state") func states() throws {
        let all = try States.all()
        #expect(all.count { $0.model == Self.model } == 11)
        #expect(all.contains { $0.model == Self.fleet })
        for list in all {
            let cases = try Self.cases(of: list.enumeration, in: PagesTests.text(list.file))
            #expect(list.states.union(list.leftOut) == cases.union(list.added), "\(list.name) and \(list.file)")
            #expect(list.states.isDisjoint(with: list.leftOut) && cases.isDisjoint(with: list.added))
        }
    }

    @Test("Each of these enums names the model") func references() throws {
        for list in try States.all() {
            let source = try PagesTests.text(list.file)
            let isNamed = source.split(separator: "\n").contains {
                $0.contains("`\(list.model)`") && $0.contains("`mtype:\(list.name)`")
            }
            #expect(isNamed, "\(list.file)")
        }
    }

    @Test(
        "Every mutation of a model is run by the script, and the script runs no other",
        arguments: [(ModelTests.model, ""), (ModelTests.fleet, "fleet-")]
    ) func mutations(model: String, prefix: String) throws {
        let mutations = try PagesTests.text(model).matches(of: /#ifn?def MUTATE_(\w+)|defined\(MUTATE_(\w+)\)/)
            .map { String($0.1 ?? $0.2 ?? "") }
        let run = try PagesTests.text("scripts/model").matches(of: /\nbreaks (fleet-)?(\w+)\s/)
            .filter { ($0.1 ?? "") == prefix }.map { String($0.2) }
        #expect(Set(mutations) == Set(run))
        #expect(!run.isEmpty)
    }
}
