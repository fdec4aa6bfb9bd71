import Foundation
import TestSupport
import Testing

/// The rest of a paste that a slow network delivers byte by byte, after the program has its answer.
@Suite("A terminal's late answers", .inTurn, .timeLimit(.minutes(60))) struct TrickleTests {
    let scratch = ScratchFolder()

    struct Answer: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let question: String
        let text: String
        /// The rest of the paste, which arrives byte by byte.
        let rest: String
        /// The time between two bytes (`gap`), and the longest such time for which the program must drop the rest
        /// (`promise`).
        let gap: Duration
        let promise: Duration

        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let answers = [
        Answer(
            arguments: ["seed", "import"],
            question: "ends it.",
            text: SeedCommandTests.phrase + "\r",
            rest: "zb\rx",
            gap: .milliseconds(700),
            promise: .milliseconds(950)
        ),
        Answer(
            arguments: ["seed", "show", "--reveal"],
            question: "Type yes, or no:",
            text: "no\r",
            rest: "zebra\rzebra zebra\rzebra",
            gap: .milliseconds(50),
            promise: .milliseconds(250)
        ),
        Answer(
            arguments: ["join", "--relay", "ws://127.0.0.1:9"],
            question: "Code on the other screen:",
            text: "K7Q-29M-XAQ\r",
            rest: "zebra\rzebra zebra\rzebra zebra\r",
            gap: .milliseconds(100),
            promise: .milliseconds(250)
        ),
    ]

    @Test(
        "The rest of a terminal's answer never reaches the next program",
        arguments: answers,
        [["TERM": "vt100"], ["TERM": "dumb"]]
    )
    func trickle(answer: Answer, variables: [String: String]) async throws {
        for attempt in 1... {
            let store = scratch.store + "\(attempt)"
            if answer.arguments.contains("show") { _ = try await Program.run(["seed", "new", "--store", store]) }
            let session = try Terminal(
                answer.arguments + ["--store", store],
                keepsSide: true,
                environment: variables.merging(["LC_ALL": "C.UTF-8"]) { $1 }
            )
            try session.answer(answer.question, with: answer.text)
            var last = ContinuousClock.now
            var longest = Duration.zero
            for byte in answer.rest.utf8 {
                try await Task.sleep(for: answer.gap)
                try session.type([byte])
                longest = max(longest, last.duration(to: .now))
                last = .now
            }
            let rest = session.rest()
            // If the machine delayed a byte for longer than `promise`, the test proves nothing, and starts again.
            if longest < answer.promise {
                #expect(rest == "", "after gaps of \(longest) at most")
                return
            }
        }
    }
}
