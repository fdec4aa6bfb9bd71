import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// The findings of one run of `easysetup doctor --json`.
struct Look: Sendable {
    struct Finding: Sendable {
        let check: String
        let verdict: String
        let message: String
        let advice: String?
        let cause: String?
    }

    let findings: [Finding]
    /// The message of the relay's operator; nil if none was told.
    let message: String?
    let code: Int32
    /// All that the program wrote.
    let text: String

    /// Runs the program, and holds each line to the schema.
    /// - Parameter watch: for how many seconds it watches quiet connections.
    static func at(
        _ url: String?,
        _ options: [String] = [],
        watch: Int = 0,
        variables: [String: String] = [:]
    ) async throws -> Look {
        let arguments = ["doctor"] + (url.map { [$0] } ?? []) + ["--watch", "\(watch)", "--json"] + options
        let program = try Running(arguments, variables: variables)
        program.endInput()
        let code = await program.end()
        let (output, errors) = (await program.output(), await program.errors())
        let lines = output.split(separator: "\n").map(String.init)
        for line in lines { #expect(throws: Never.self) { try JSONSchema.check(line: line) } }
        let events = try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let findings = events.filter { $0["event"] as? String == "check" }.map { event in
            Finding(
                check: event["check"] as? String ?? "",
                verdict: event["verdict"] as? String ?? "",
                message: event["message"] as? String ?? "",
                advice: event["advice"] as? String,
                cause: event["cause"] as? String
            )
        }
        let end = try #require(events.last, "\(errors)")
        #expect(end["event"] as? String == "diagnosed")
        for (member, verdict) in [
            ("wrong", "wrong"), ("warnings", "warning"), ("good", "good"), ("skipped", "skipped"),
        ] {
            #expect(end[member] as? Int == findings.count { $0.verdict == verdict })
        }
        let isWrong = findings.contains { $0.verdict == "wrong" }
        #expect(code == (isWrong ? 40 : 0))
        #expect(findings.allSatisfy { ($0.advice != nil) == ["warning", "wrong"].contains($0.verdict) })
        let messages = events.filter { $0["event"] as? String == "relay-message" }.map { $0["message"] as? String }
        #expect(messages.count < 2)
        return Look(findings: findings, message: messages.first ?? nil, code: code, text: output + errors)
    }

    /// The first finding of a check.
    func finding(_ check: String) throws -> Finding {
        try #require(findings.first { $0.check == check }, "no \(check) in \(text)")
    }

    /// The checks with a verdict, each once.
    func checks(_ verdict: String) -> [String] {
        var seen: Set<String> = []
        return findings.filter { $0.verdict == verdict && seen.insert($0.check).inserted }.map(\.check)
    }

    /// Expects that nothing but these checks has a warning or is wrong.
    func expect(wrong: [String] = [], warnings: [String] = [], _ location: SourceLocation = #_sourceLocation) {
        #expect(checks("wrong") == wrong, "\(text)", sourceLocation: location)
        #expect(checks("warning") == warnings, "\(text)", sourceLocation: location)
    }
}
