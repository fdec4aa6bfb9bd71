import EasySetupRelayProtocol
import Foundation
import NIOHTTP1
import Testing

@testable import EasySetupRelay

/// `Protocol/openapi.json` must describe the relay's HTTP interface exactly.
@Suite("The OpenAPI description") struct OpenAPITests {
    let document: Object
    let operations: [Operation]

    struct Operation {
        let path: String
        let method: String
        let fields: Object
        /// The responses by status, with references resolved.
        let responses: [Int: Object]

        /// The names of the problems that the operation may answer, by status. A name is the last part of a problem's
        /// URN.
        var problems: [Int: Set<String>] {
            responses.compactMapValues { response in
                response["content"]?["application/problem+json"]?["schema"]?.problems
            }
        }
    }

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Protocol/openapi.json")
        let document = Object(try JSONSerialization.jsonObject(with: Data(contentsOf: file)))
        self.document = document
        operations = try document["paths"].fields.flatMap { path, item in
            try item.fields.map { method, fields in
                let responses = try fields["responses"].fields.map { status, response in
                    (try #require(Int(status)), try document.following(response))
                }
                return Operation(
                    path: path,
                    method: method.uppercased(),
                    fields: fields,
                    responses: Dictionary(uniqueKeysWithValues: responses)
                )
            }
        }
    }

    @Test("The description is OpenAPI 3.1, and every reference leads somewhere") func descriptionOpenapiReference()
        throws
    {
        #expect(document["openapi"]?.text == "3.1.0")
        #expect(document["info"]?["title"]?.text != nil)
        #expect(document["info"]?["version"]?.text != nil)
        #expect(!document.references.isEmpty)
        for reference in document.references {
            #expect(throws: Never.self) { try document.following(reference) }
        }
        for operation in operations {
            #expect(!operation.responses.isEmpty)
            #expect(operation.responses.values.allSatisfy { $0["description"]?.text?.isEmpty == false })
        }
        #expect(Set(operations.map { $0.fields["operationId"]?.text }).count == operations.count)
    }

    @Test("The description has the paths and methods that the relay answers") func descriptionPathsMethods() {
        let paths =
            [RelayPath.webSocket] + HTTPRoutes.Call.allCases.map(\.path) + HTTPRoutes.Health.allCases.map(\.rawValue)
        let answered = paths.flatMap { path in HTTPRoutes.methods(for: path).map { "\($0.rawValue) \(path)" } }
        #expect(Set(operations.map { "\($0.method) \($0.path)" }) == Set(answered))
    }

    @Test("The description has the problems that the relay reports, each with its status")
    func descriptionProblemsRelay() throws {
        let all = Dictionary(uniqueKeysWithValues: ProblemType.allCases.map { ($0.rawValue, Int($0.status.code)) })
        #expect(document["components"]?["schemas"]?["Problem"]?["properties"]?["type"]?.problems == Set(all.keys))
        var told: Set<String> = []
        for operation in operations {
            for (status, problems) in operation.problems {
                told.formUnion(problems)
                for problem in problems {
                    #expect(all[problem] == status, "\(operation.method) \(operation.path): \(problem)")
                }
            }
        }
        // `not-found` is the problem for unknown paths, so it is in no operation.
        #expect(told.union(["not-found"]) == Set(all.keys))
    }

    @Test("The relay answers nothing that the description lacks") func relayAnswersNothing() throws {
        for example in HTTPRoutesTests.refused {
            try expectToBeKnown(
                request: Array(example.request.utf8),
                status: Int(example.status.prefix(3)),
                example.problem
            )
        }
        for example in LongPollRequestTests.refusedHeads + LongPollRequestTests.refusedBodies {
            try expectToBeKnown(request: example.request, status: example.status, example.problem)
        }
    }

    private func expectToBeKnown(request: [UInt8], status: Int?, _ problem: String) throws {
        let words = String(decoding: request.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
        // These two problems are the answers to paths and methods that the document does not describe.
        guard words.count > 1, problem != "not-found", problem != "method-not-allowed" else { return }
        let operation = try #require(operations.first { $0.path == words[1] && $0.method == words[0] })
        #expect(operation.problems[try #require(status)]?.contains(problem) == true, "\(words[1]): \(problem)")
    }

    @Test(
        "The health paths have the statuses of the description",
        arguments: HTTPRoutes.Health.allCases,
        [HTTPMethod.GET, .HEAD]
    )
    func healthPathsStatuses(_ health: HTTPRoutes.Health, _ method: HTTPMethod) throws {
        let operation = try #require(operations.first { $0.path == health.rawValue && $0.method == method.rawValue })
        let routes = HTTPRoutes(allowedOrigins: [])
        for (isDraining, isCutOff) in [(false, false), (true, false), (false, true), (true, true)] {
            let head = HTTPRequestHead(version: .http1_1, method: method, uri: health.rawValue, headers: ["Host": "x"])
            let state = HTTPRoutes.State(isDraining: isDraining, isCutOff: isCutOff)
            guard case .health(let answer, _) = routes.answer(to: head, state) else {
                Issue.record("no answer about health")
                return
            }
            #expect(operation.responses[answer == .ok ? 200 : 503] != nil)
            let isWell = health == .live || !isDraining && (health == .ready || !isCutOff)
            #expect((answer == .ok) == isWell)
        }
        #expect((operation.responses[503] != nil) == (health != .live))
    }
}

/// A JSON value with accessors.
struct Object {
    let value: Any

    init(_ value: Any) { self.value = value }

    var fields: [String: Object] { (value as? [String: Any])?.mapValues(Object.init) ?? [:] }
    var items: [Object] { (value as? [Any])?.map(Object.init) ?? [] }
    var text: String? { value as? String }

    subscript(name: String) -> Object? { fields[name] }

    /// The last parts of the URNs of problems, in this schema and in the schemas that it consists of.
    var problems: Set<String> {
        let listed =
            self["enum"]?.items.compactMap(\.text).map { $0.replacing("urn:easysetup:problem:", with: "") } ?? []
        let parts = self["allOf"]?.items.compactMap { $0["properties"]?["type"]?.problems } ?? []
        return parts.reduce(Set(listed)) { $0.union($1) }
    }

    /// Every nested object that has a reference.
    var references: [Object] {
        (self["$ref"] == nil ? [] : [self]) + fields.values.flatMap(\.references) + items.flatMap(\.references)
    }

    /// The object that a reference in this document points to, or the object itself.
    func following(_ object: Object) throws -> Object {
        guard let reference = object["$ref"]?.text else { return object }
        return try reference.dropFirst(2).split(separator: "/").reduce(self) { try #require($0[String($1)]) }
    }
}

extension Optional<Object> {
    var fields: [String: Object] { self?.fields ?? [:] }
}
