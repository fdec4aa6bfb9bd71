import Foundation
import TestSupport
import Testing

/// The words that a person reads and types at the program where a service does not let everybody in.
@Suite(
    "New chains on the command line, at a service that is not open",
    .inTurn,
    .enabled(if: StoreTools.weed != nil, StoreTools.hint),
    .timeLimit(.minutes(30))
)
struct RegistrationTests {
    private let scratch = ScratchFolder()

    private func arguments(_ device: String, _ words: [String], _ service: LocalService) -> [String] {
        ["chain"] + words + ["--store", scratch.path + "/" + device, "--name", device, "--service", service.url]
    }

    @Test("A person is asked for the invitation three times at most, with help, and Control-C ends the question")
    func asked() async throws {
        let service = try await LocalService(.shared(), scratch, registration: "invitation")
        _ = try await scratch.seed("laptop")
        let list = arguments("laptop", ["list"], service)
        let stopped = try await Window(list)
        defer { stopped.stop() }
        try await stopped.wait(for: "Invitation:")
        try await stopped.press("C-c")
        #expect(try await stopped.end().code == 1)

        let wrong = try await Window(list)
        defer { wrong.stop() }
        // The second one has not even the form of an invitation.
        for (typed, told) in [
            ("?", "An invitation is a text"), ("AAAAAAAAAAAAAAAAAAAAAA", "does not take this one"),
            ("b c!", "does not take this one"), ("AAAAAAAAAAAAAAAAAAAAAA", "Ask who runs the service"),
        ] {
            try await wrong.wait(until: { $0.last { !$0.isEmpty }?.hasSuffix("Invitation:") == true })
            try await wrong.enter(typed)
            try await wrong.wait(for: told)
        }
        #expect(try await wrong.end().code == 51)

        let right = try await Window(list)
        defer { right.stop() }
        try await right.wait(for: "Invitation:")
        try await right.enter(service.invitation())
        #expect(try await right.end().code == 0)
        #expect(try await Program.run(list).code == 0)
        await service.end()
    }

    @Test("Nobody is asked where a command makes no chain, or where a file has the invitation") func notAsked()
        async throws
    {
        let service = try await LocalService(.shared(), scratch, registration: "invitation")
        _ = try await scratch.seed("laptop")
        let file = try scratch.file("invitation", "AAAAAAAAAAAAAAAAAAAAAA\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        for words in [["status"], ["list", "--invitation-file", file]] {
            let window = try await Window(arguments("laptop", words, service))
            defer { window.stop() }
            #expect(try await window.end().code == 51, "\(words)")
        }
        let leave = try await Program.run(arguments("laptop", ["leave", "--yes", "--json"], service))
        #expect(try leave.json()["was_there"] as? Bool == false)
        let invitation = try await service.invitation()
        try Data("\(invitation)\n".utf8).write(to: URL(filePath: file))
        let list = try await Program.run(arguments("laptop", ["list", "--invitation-file", file], service))
        #expect(list.code == 0, "\(list.errors)")
        await service.end()
    }

    @Test("A closed service tells a new chain so, also before a code is shown for some of its collections")
    func closed() async throws {
        let service = try await LocalService(.shared(), scratch, registration: "closed")
        let store = try await scratch.seed("laptop")
        let commands = [
            arguments("laptop", ["list"], service),
            ["offer", "--only", "notes", "--relay", "ws://127.0.0.1:9", "--yes", "--store", store]
                + ["--service", service.url],
        ]
        for command in commands {
            let result = try await Program.run(command + ["--json"])
            #expect(result.code == 51 && result.lines.count == 1)
            #expect(try result.json()["error"] as? String == "registration-closed")
        }
        await service.end()
    }
}
