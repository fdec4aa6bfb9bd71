import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

/// A relay and two devices, each as a process of its own, over real sockets.
@Suite("The program as a relay and two devices", .inTurn, .timeLimit(.minutes(60))) struct PairingCommandTests {
    let folder = ScratchFolder()

    /// Starts a relay. Returns the process and the relay's address.
    static func relay(logLevel: String = "notice", limits: [String] = []) async throws -> (Running, String) {
        let options = ["--log-level", logLevel] + limits.flatMap { ["--limit", $0] }
        let (relay, port) = try await Program.relay(options)
        return (relay, "ws://127.0.0.1:\(port)")
    }

    /// Starts a device that offers its seed, and one that has typed the code.
    static func devices(in folder: ScratchFolder, at url: String) async throws -> (offer: Running, join: Running) {
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"])
        let code = try #require(try await offer.event("offered")["code"] as? String)
        return (offer, try Running(["join", code, "--relay", url, "--store", folder.path + "/b", "--json"]))
    }

    @Test("Two stores are paired, and at trace level no log holds anything secret") func pairing() async throws {
        let (relay, url) = try await Self.relay(logLevel: "trace")
        defer { relay.stop() }
        let made = try await Program.run(["seed", "new", "--store", folder.path + "/a", "--json"])
        #expect(made.code == 0)

        let offer = try Running(
            ["offer", "--relay", url, "--store", folder.path + "/a", "--name", "Old Laptop", "--yes", "--json"]
                + ["--log-level", "trace"]
        )
        defer { offer.stop() }
        let offered = try await offer.event("offered")
        let code = try #require(offered["code"] as? String)
        let link = try #require(offered["link"] as? String)
        #expect((1...600).contains(try #require(offered["expires_in"] as? Int)))
        let join = try Running(
            ["join", code, "--relay", url, "--store", folder.path + "/b", "--name", "New Phone", "--json"]
                + ["--log-level", "trace"]
        )
        defer { join.stop() }
        let here = try await offer.event("paired")
        let there = try await join.event("paired")
        #expect(here["user_id"] as? String == there["user_id"] as? String)
        #expect(await offer.end() == 0)
        #expect(await join.end() == 0)
        let stored = try await FileSeedStore(folder: folder.path + "/b").load()
        let seed = try #require(stored)
        #expect(seed.userID.fingerprint == here["user_id"] as? String)

        relay.stop()
        let logs = await offer.errors() + join.errors() + relay.errors()
        #expect(logs.contains("paired"), "the logs are there at all")
        let words = (try #require(here["peer"] as? String)).split(separator: " ").map(String.init)
        let typed = try PairingCode(typed: code)
        var secrets = [code, link, code.filter { $0 != "-" }, String(link.split(separator: "#")[1])]
        secrets += [seed.hex.revealed(), seed.base64.revealed(), seed.recoveryPhrase.revealed(), "127.0.0.1"] + words
        // Any text may contain the three letters of a slot, so the test looks for the slot as a whole word.
        for secret in secrets { #expect(!logs.contains(secret)) }
        #expect(!logs.split { !$0.isLetter && !$0.isNumber }.contains { $0 == typed.slot })
        // The arguments may contain the code, because it lives only for minutes, but no secret that lives longer.
        for secret in [seed.hex.revealed(), seed.base64.revealed()] {
            #expect(!join.arguments.joined(separator: " ").contains(secret))
        }
    }

    @Test("A link needs no --relay") func link() async throws {
        let (relay, url) = try await Self.relay()
        defer { relay.stop() }
        _ = try await folder.seed("a")
        let offer = try Running(["offer", "--relay", url, "--store", folder.path + "/a", "--yes", "--json"])
        defer { offer.stop() }
        let link = try #require(try await offer.event("offered")["link"] as? String)
        let join = try await Program.run([
            "join", link, "--store", folder.path + "/b", "--name", "x", "--json", "--yes",
        ])
        #expect(join.code == 0)
        #expect(try join.json()["user_id"] as? String == (try await offer.event("paired"))["user_id"] as? String)
    }

    @Test("A device without a seed offers, and the holder's user types a word") func giving() async throws {
        let (relay, url) = try await Self.relay()
        defer { relay.stop() }
        _ = try await folder.seed("phone")
        let offer = try Running(["offer", "--relay", url, "--store", folder.path + "/tv", "--receive", "--json"])
        defer { offer.stop() }
        let offered = try await offer.event("offered")
        #expect(offered["link"] is NSNull)
        let join = try Running(["join", "--relay", url, "--store", folder.path + "/phone", "--json"])
        defer { join.stop() }
        // The program asks for the code, because it is not among the arguments.
        join.type(try #require(offered["code"] as? String) + "\n")
        let words = try #require(try await offer.event("peer")["words"] as? String).split(separator: " ")
        #expect(try await join.event("peer")["words"] == nil, "the giver reads them from the other screen")
        join.type("\(words[0])\n")
        // The device that shows the code also asks its user, because whoever typed the code chose this device.
        let question = try await offer.event("question")
        #expect(question["question"] as? String == "accept")
        #expect(question["answer"] as? String == "yes-or-no")
        offer.type("yes\n")
        let here = try await offer.event("paired")
        #expect(here["role"] as? String == "receiver")
        #expect(try await join.event("paired")["user_id"] as? String == here["user_id"] as? String)
        #expect(await join.end() == 0)
    }

    @Test("Enter alone approves nothing") func enter() async throws {
        let (relay, url) = try await Self.relay()
        defer { relay.stop() }
        let (offer, join) = try await Self.devices(in: folder, at: url)
        defer { for device in [offer, join] { device.stop() } }
        _ = try await offer.event("peer")
        for attempt in 1...3 {
            _ = try await offer.event("question") { $0["attempt"] as? Int == attempt }
            offer.type("\n")
        }
        #expect(try await offer.event("failed")["error"] as? String == "not-confirmed")
        #expect(try await join.event("failed")["error"] as? String == "cancelled")
        #expect(await offer.end() == 1)
        #expect(await join.end() == 1)
        let stored = try await FileSeedStore(folder: folder.path + "/b").load()
        #expect(stored == nil)
    }

    @Test("Control-C on one side stops the other") func interrupt() async throws {
        let (relay, url) = try await Self.relay()
        defer { relay.stop() }
        let (offer, join) = try await Self.devices(in: folder, at: url)
        defer { for device in [offer, join] { device.stop() } }
        _ = try await offer.event("peer")
        offer.interrupt()
        #expect(try await join.event("failed")["error"] as? String == "cancelled")
        #expect(try await offer.event("failed")["error"] as? String == "cancelled-here")
        #expect(await offer.end() == 1)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let error: String
        let code: Int32

        var testDescription: String { error }
    }

    @Test(
        "A command that can't work says why, with an exit code",
        arguments: [
            Failure(arguments: ["join", "K7Q-29M-XAB"], error: "code-mistyped", code: 10),
            Failure(arguments: ["join", "K7Q-29M-XA"], error: "code-wrong-length", code: 10),
            Failure(arguments: ["join", "K7U-29M-XAQ"], error: "code-has-u", code: 10),
            Failure(arguments: ["join", "K7Q-2!M-XAQ"], error: "code-not-a-symbol", code: 10),
            Failure(arguments: ["join", "easysetup://nowhere"], error: "not-a-link", code: 10),
            Failure(
                arguments: ["join", "easysetup+plain://relay.example:80/1/K7Q#00000000000000000000000000"],
                error: "plain-link",
                code: 10
            ),
            Failure(arguments: ["join", "K7Q-29M-XAQ"], error: "usage", code: 64),
            Failure(arguments: ["offer", "--relay", "ws://relay.example"], error: "relay-plain", code: 64),
            Failure(arguments: ["offer", "--relay", "ftp://relay.example"], error: "relay-address", code: 64),
            Failure(
                arguments: ["offer", "--relay", "ws://127.0.0.1:1", "--receive"],
                error: "relay-unreachable",
                code: 20
            ),
            Failure(
                arguments: ["join", "K7Q-29M-XAQ", "--relay", "ws://127.0.0.1:1"],
                error: "relay-unreachable",
                code: 20
            ),
        ]
    )
    func failing(failure: Failure) async throws {
        let result = try await Program.run(failure.arguments + ["--store", folder.store, "--json"])
        let json = try result.json()
        #expect(json["event"] as? String == "failed")
        #expect(json["error"] as? String == failure.error)
        #expect(json["advice"] as? String != "")
        #expect(json["retry"] is Bool)
        #expect(result.code == failure.code)
    }

    @Test("A relay of another version, a full one and an absent one each have an error of their own")
    func strangeRelays()
        async throws
    {
        let answers = [
            (
                "400 Bad Request", #"{"type":"urn:easysetup:problem:wrong-version","versions":["easysetup.v9"]}"#,
                "relay-version", Int32(22)
            ),
            ("503 Service Unavailable", #"{"type":"urn:easysetup:problem:relay-full"}"#, "relay-full", 23),
            ("200 OK", "<html>", "not-a-relay", 21),
        ]
        for (status, body, error, code) in answers {
            let answer = "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            try await Impostor.answer(answer).run { port in
                let result = try await Program.run(
                    ["offer", "--relay", "ws://127.0.0.1:\(port)", "--store", folder.store, "--receive", "--json"])
                #expect(try result.json()["error"] as? String == error)
                #expect(result.code == code)
            }
        }
    }

    @Test("The demonstration pairs") func demo() async throws {
        let result = try await Program.run(["demo", "--pairings", "2", "--json"])
        #expect(result.code == 0)
        let events = try result.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
            events.map { $0["event"] as? String } == ["listening", "seed", "offered", "peer", "paired", "measured"]
        )
        #expect(events[1]["user_id"] as? String == events[4]["user_id"] as? String)
    }
}

@Suite("Errors of a pairing") struct PairingErrorTests {
    static let all: [PairingError] = [
        .relayUnreachable(.unknown), .relayUntrusted(.unfit), .notARelay(.unknown), .proxyFailed(.cut),
        .proxyAddress(.unreadable), .relayVersion, .relayFull(retryAfter: .zero),
        .tooMany(retryAfter: .zero), .draining(retryAfter: .zero), .relayForgot, .workRefused, .relayMisbehaved,
        .connectionLost, .elsewhere, .noSuchCode, .expired, .codeBurnt, .codeKnown, .wrongCode, .triesSpent,
        .codesSpent,
        .lineFull(retryAfter: .zero), .seated, .declined(by: .holder), .declinedHere(.holder), .notConfirmed(.holder),
        .nobodyToAsk(.holder), .nobodyAsked(by: .holder), .cancelled, .cancelledHere, .wrongWord(isOther: false),
        .timedOut(.otherDevice), .bothHold, .alreadyPaired,
        .bothReceive, .noSeedToGive, .linkDirection, .peerNotStored, .otherSeed, .sentNotConfirmed, .wrongSuite,
        .malformed,
        .fault,
    ]
    static let codes: [CodeError] = [
        .wrongLength(3), .notASymbol(position: 1), .foreignLetter(position: 1, script: .greek), .containsU(position: 1),
        .hasLabel, .hasMore, .tooLong, .mistyped, .notASlot, .notALink, .severalLinks, .plainLink, .textUTF16,
        .textNotUTF8,
    ]

    /// The rows of the table in `Protocol/errors.md`: an error's name, with its exit code and whether a retry helps.
    static let table: [String: (exit: Int32, retry: Bool)] = {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", "errors.md").standardizedFileURL
        let text = try! String(contentsOf: page, encoding: .utf8)
        var rows: [String: (Int32, Bool)] = [:]
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 5, cells[0].hasPrefix("`"), let exit = Int32(cells[4]) else { continue }
            for name in cells[0].split(separator: ",") {
                rows[name.trimmingCharacters(in: CharacterSet(charactersIn: " `"))] = (exit, cells[3] == "yes")
            }
        }
        return rows
    }()

    @Test("The errors are those of Protocol/errors.md") func page() {
        let errors: [any ExplainedError] = Self.all + Self.codes
        #expect(Set(errors.map(\.name)).count == errors.count)
        for error in errors {
            #expect(Self.table[error.name]?.exit == ExitCodes.code(for: error.name), "\(error.name)")
            #expect(Self.table[error.name]?.retry == error.retryHelps, "\(error.name)")
            #expect(error.description.hasSuffix(".") && !error.advice.isEmpty, "\(error.name)")
        }
        #expect(Set(Self.table.keys) == Set(errors.map(\.name)))
    }
}
