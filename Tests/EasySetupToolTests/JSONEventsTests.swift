import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// Every event that a test of the program waits for is checked against the schema where it is read (`Running.event`,
/// `Program.Result.json`). These tests check the schema itself.
@Suite("The schema of --json") struct JSONEventsTests {
    private func check(_ line: String) throws {
        try JSONSchema.events.get().check(JSONDecoder().decode(JSON.self, from: Data(line.utf8)))
    }

    @Test(
        "Events that fit are taken",
        arguments: [
            #"{"event":"code-known"}"#, #"{"event":"in-line","position":2}"#,
            #"{"event":"offered","code":"K7Q-29M-XAQ","link":null,"expires_in":599}"#,
            #"{"event":"question","question":"link","answer":"yes-or-no","attempt":1,"relay":"relay.example"}"#,
            #"{"event":"setting","name":"limit","value":["a","b"],"source":"file","variable":"V","file":"f","line":1}"#,
        ]
    )
    func fits(line: String) throws {
        try check(line)
    }

    @Test(
        "Events that do not fit are refused: no such event, a member missing, unknown, of another type, out of range",
        arguments: [
            (#"{"event":"code"}"#, "no event"), (#"{"position":2}"#, "is missing"), (#"[]"#, "is missing"),
            (#"{"event":"in-line"}"#, "position"), (#"{"event":"in-line","position":0}"#, "less than 1"),
            (#"{"event":"in-line","position":true}"#, "is no integer"),
            (#"{"event":"in-line","position":1,"more":1}"#, "more"), (#"{"event":"code-known","x":null}"#, "unknown"),
            (#"{"event":"question","question":"why","answer":"word","attempt":1}"#, "is none of"),
            (#"{"event":"setting","name":"n","value":[1],"source":"file","variable":"V"}"#, "/value/0"),
        ]
    )
    func refuses(line: String, problem: String) throws {
        let error = #expect(throws: JSONSchema.Violation.self) { try check(line) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "none")")
    }

    @Test("The page names every event and every member of the schema, and no others") func page() throws {
        let page = try PagesTests.text("docs/json.md")
        let rows = page.matches(of: /\n\| `([a-z-]+)` \|/).map { String($0.1) }
        let definitions = try JSONSchema.events.get().definitions
        let names = definitions.values.compactMap { definition -> String? in
            guard case .string(let name) = definition.members["properties"]?.members["event"]?.members["const"] else {
                return nil
            }
            return name
        }
        #expect(names.count == definitions.count)
        #expect(Set(rows) == Set(names))
        for (name, definition) in definitions {
            for member in (definition.members["properties"]?.members ?? [:]).keys where member != "event" {
                #expect(page.contains("`\(member)`"), "\(name): \(member)")
            }
        }
    }
}
