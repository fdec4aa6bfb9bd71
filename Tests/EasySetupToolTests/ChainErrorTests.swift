import EasySetup
import EasySetupChain
import EasySetupPairingSession
import EasySetupS3
import EasySetupSeed
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("Errors of the chain on the command line", .inTurn, .timeLimit(.minutes(60))) struct ChainErrorTests {
    static let usageErrors: [ChainUsage] = [
        .placeMissing, .giftPlaceMissing, .twoPlaces, .badBucket, .bucketSecret, .serviceSecret, .placePlain,
        .keysMissing, .invitationFile, .otherUserID, .badObject, .valueTooLarge,
        .attributeMissing, .deviceUnknown, .severalDevices, .badDeviceID, .badRequest, .requestUnknown,
        .deviceHoldsSeed,
        .asksWithSeed,
        .deviceFileDamaged, .stopped(.reading),
        .stopped(.writing),
    ]

    @Test("Every error has an exit code, a sentence, advice, and its row on the page") func codes() throws {
        let page = try PagesTests.text("Protocol/errors.md")
        for error in Self.usageErrors as [any ExplainedError] + ChainError.examples {
            #expect(ExitCodes.table[error.name] != nil, "\(error.name)")
            #expect(error.description.hasSuffix(".") && !error.commandAdvice.isEmpty, "\(error.name)")
            #expect(page.contains("| `\(error.name)`") || error.name == "cancelled-here", "\(error.name)")
            #expect(AdviceTests.faults(error.commandAdvice, isStrict: true).isEmpty, "\(error.name)")
        }
        // One name is one thing: no error of a chain is called as one of a seed's store.
        let stores = Set(StoreError.examples.map(\.name))
        for error in ChainError.examples { #expect(!stores.contains(error.name), "\(error.name)") }
        // The page says of each whether a retry helps.
        for error in ChainError.examples where error.code != .serviceRefused {
            let rows = page[(page.firstRange(of: "\n## The chain\n")?.upperBound ?? page.endIndex)...]
            let row = rows.split(separator: "\n").first { $0.hasPrefix("| `\(error.name)` |") }
            #expect(row?.hasSuffix(error.retryHelps ? "| yes |" : "| no |") == true, "\(error.name)")
        }
        let source = try PagesTests.text("Sources/EasySetupChain/Errors/ChainError.swift")
        let names = source.matches(of: /static let \w+ = Self\(rawValue: "([a-z-]+)"\)/).map { String($0.1) }
        #expect(names.count > 30)
        for name in names { #expect(ExitCodes.table[name] != nil, "\(name)") }
    }

    @Test("A bucket's address is read with and without a region, and a wrong one is told") func addresses() throws {
        let plain = try BucketURL.address("https://s3.example/notes/", allowPlain: false)
        #expect(plain.endpoint == "https://s3.example" && plain.bucket == "notes")
        let full = try BucketURL.address("https://[::1]:8333/notes?region=eu-central-1", allowPlain: false)
        #expect(full.region == "eu-central-1" && full.endpoint == "https://[::1]:8333")
        #expect(try BucketURL.address("http://127.0.0.1:8333/notes", allowPlain: false).bucket == "notes")
        #expect(try BucketURL.address("http://s3.example/notes", allowPlain: true).bucket == "notes")
        #expect(throws: ChainUsage.placePlain) { try BucketURL.address("http://s3.example/notes", allowPlain: false) }
        #expect(throws: ChainUsage.bucketSecret) {
            try BucketURL.address("https://key:secret@s3.example/notes", allowPlain: false)
        }
        for text in [
            "", "notes", "s3.example/notes", "https://s3.example", "https://s3.example/", "https://s3.example/a/b",
            "https://s3.example/notes?x=1", "https://s3.example/notes?region=", "ftp://s3.example/notes",
            "https://s3.example/No", "https://s3.example/notes?region=a b",
        ] { #expect(throws: ChainUsage.badBucket, "\(text)") { try BucketURL.address(text, allowPlain: true) } }
    }

    @Test("An object is a collection, a slash and an id, which may have slashes") func objects() throws {
        #expect(try ObjectPath("notes/a/b").object == "a/b")
        for text in ["notes", "/1", "notes/", "", "/"] {
            #expect(throws: ChainUsage.badObject, "\(text)") { try ObjectPath(text) }
        }
        for text in ["Notes/1", "no tes/1", "\(String(repeating: "x", count: 65))/1"] {
            #expect(throws: ChainError.collectionName, "\(text)") { try ObjectPath(text) }
        }
        for text in ["notes/" + String(repeating: "x", count: 201), "notes/e\u{301}"] {
            #expect(throws: ChainError.identifier, "\(text)") { try ObjectPath(text) }
        }
    }

    @Test("What is wrong is told before anything is sent") func early() async throws {
        let scratch = ScratchFolder()
        let store = try await scratch.seed("store")
        // Nothing listens there.
        let all = [
            "EASYSETUP_BUCKET": "http://127.0.0.1:9/notes", "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        ]
        func error(_ words: [String], without: String = "", _ more: [String: String] = [:], input: String = "")
            async throws -> String
        {
            let variables = all.filter { $0.key != without }.merging(more) { $1 }
            let result = try await Program.run(
                ["chain"] + words + ["--json", "--store", store],
                input: input,
                variables: variables
            )
            let event = try result.json()
            #expect(result.code == ExitCodes.code(for: event["error"] as? String ?? ""))
            #expect(result.lines.count == 1, "\(result.output)")
            return event["error"] as? String ?? "\(event)"
        }
        #expect(try await error(["list"], without: "EASYSETUP_BUCKET") == "chain-place-missing")
        #expect(try await error(["list"], without: "AWS_ACCESS_KEY_ID") == "bucket-keys-missing")
        #expect(try await error(["put", "notes/1"], without: "AWS_SECRET_ACCESS_KEY") == "bucket-keys-missing")
        #expect(try await error(["list"], ["EASYSETUP_BUCKET": "http://s3.example/notes"]) == "chain-place-plain")
        #expect(try await error(["list", "--bucket", "x"]) == "bucket-address")
        #expect(try await error(["get", "notes"]) == "usage")
        #expect(try await error(["list", "NOTES"]) == "collection-name")
        #expect(try await error(["watch", "easysetup/devices"]) == "collection-name")
        #expect(try await error(["watch", "notes", "--every", "0"]) == "usage")
        #expect(try await error(["put", "notes/1", "--attribute", "e\u{301}"]) == "identifier")
        let large = String(repeating: "x", count: 50_000)
        #expect(try await error(["put", "notes/1"], input: large) == "record-too-large")
        #expect(try await error(["delete", "notes/1"]) == "nobody-to-ask")
        #expect(try await error(["remove", "phone"]) == "nobody-to-ask")
        try Data("{}".utf8).write(to: URL(filePath: store + "/chain.device"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: store + "/chain.device")
        #expect(try await error(["list"]) == "device-file-damaged")
        try FileManager.default.removeItem(atPath: store + "/chain.device")
        let none = try await Program.run(["chain", "list", "--json", "--store", scratch.path + "/no"], variables: all)
        #expect(try none.json()["error"] as? String == "no-seed-stored")
        // A name or an address that a person typed is in no error.
        let secret = try await Program.run(
            ["chain", "list", "--store", store, "--bucket", "https://me:hush-hush@s3.example/notes"],
            variables: all
        )
        #expect(secret.code == 64 && !secret.errors.contains("hush") && !secret.output.contains("hush"))
    }

    @Test("A device without the seed is refused at once what it may not do") func members() async throws {
        let scratch = ScratchFolder()
        let membership = try Membership(
            device: .random(),
            deviceKeys: .random(),
            collections: [CollectionName("notes"): true, CollectionName("bookmarks"): false],
            seed: .random()
        )
        try await FileSeedStore(folder: scratch.store).save(membership, replacing: false)
        for words in [
            ["put", "bookmarks/1"], ["put", "diary/1"], ["remove", "laptop", "--yes"], ["renew", "--yes"],
            ["delete-collection", "notes", "--yes"], ["delete-account", "--user-id", "0000"], ["compact"],
            ["requests", "--grant", "phone/notes"], ["requests", "--decline", "phone/notes"],
        ] {
            // Nothing listens there, so the program would try again and again.
            let result = try await Program.run(
                ["chain"] + words + ["--json", "--store", scratch.store],
                variables: [
                    "EASYSETUP_BUCKET": "http://127.0.0.1:9/notes", "AWS_ACCESS_KEY_ID": "key",
                    "AWS_SECRET_ACCESS_KEY": "secret",
                ]
            )
            #expect(result.code == 53 && result.lines.count == 1, "\(words): \(result.output)")
            #expect(try result.json()["error"] as? String == "not-held", "\(words)")
        }
    }

    @Test("A person is told that a store does not answer while a call waits for it")
    func slow() async throws {
        let scratch = ScratchFolder()
        let store = try await scratch.seed("store")
        try await LoopbackServer.run(handler: { Silent() }) { port in
            let list = try Running(
                ["chain", "list", "--store", store],
                variables: [
                    "EASYSETUP_BUCKET": "http://127.0.0.1:\(port)/notes", "AWS_ACCESS_KEY_ID": "key",
                    "AWS_SECRET_ACCESS_KEY": "secret",
                ]
            )
            defer { list.stop() }
            _ = try #require(await list.logLine { $0.contains("does not answer yet") })
            list.interrupt()
            #expect(await list.end() == 1)
            #expect(await list.errors().contains("You stopped."))
        }
    }

    @Test("While a service does not answer nothing is asked or written, and who stops then reads no more than that")
    func slowService() async throws {
        let scratch = ScratchFolder()
        let store = ["--store", try await scratch.seed("store")]
        try await LoopbackServer.run(handler: { Silent() }) { port in
            let variables = ["EASYSETUP_SERVICE": "http://127.0.0.1:\(port)"]
            let commands = [
                ["chain", "put", "notes/1"], ["chain", "delete-collection", "notes", "--yes"],
                ["offer", "--only", "notes", "--relay", "ws://127.0.0.1:9"],
            ]
            for command in commands {
                let window = try await Window(command + store, environment: variables)
                defer { window.stop() }
                try await window.wait(for: "does not answer yet")
                try await window.press("C-c")
                #expect(try await window.end().code == 1)
                let text = try await window.lines().joined(separator: " ")
                #expect(text.contains("You stopped. Start again when you like."), "\(text)")
                #expect(!text.contains("Type the value"), "\(text)")
            }
        }
    }

    @Test("A store that does not answer is told at once and tried again, and a stopped write says what is unknown")
    func away() async throws {
        let scratch = ScratchFolder()
        let store = try await scratch.seed("store")
        let put = try Running(
            ["chain", "put", "notes/1", "--json", "--store", store],
            variables: [
                "EASYSETUP_BUCKET": "http://127.0.0.1:9/notes", "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
            ]
        )
        put.endInput()
        #expect(try await put.event("retrying")["error"] as? String == "store-unreachable")
        put.interrupt()
        let failed = try await put.event("failed")
        #expect(failed["error"] as? String == "cancelled-here")
        #expect((failed["message"] as? String)?.contains("may be in the store or not") == true)
        #expect(await put.end() == 1)
    }
}

@Suite(
    "Faults of the chain's store and of the disk on the command line",
    .inTurn,
    .timeLimit(.minutes(60)),
    .enabled(if: StoreTools.hasStore, StoreTools.hint)
)
struct ChainFaultTests {
    @Test("A store that refuses, and one without the bucket, are told apart; no secret is in any output") func refused()
        async throws
    {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        let wrong = ["AWS_SECRET_ACCESS_KEY": "another secret of a person"]
        let refused = try await stage.run("laptop", ["list", "--json", "--log-level", "trace"], variables: wrong)
        #expect(try refused.json()["error"] as? String == "store-denied" && refused.code == 51)
        let none = ["EASYSETUP_BUCKET": stage.store.endpoint + "/no-such-bucket"]
        let missing = try await stage.run("laptop", ["list", "--json"], variables: none)
        #expect(try missing.json()["error"] as? String == "bucket-missing" && missing.code == 52)
        let put = try await stage.run("laptop", ["put", "notes/1", "--log-level", "trace"], input: "a secret note")
        let get = try await stage.run("laptop", ["devices", "--log-level", "trace"])
        #expect(put.code == 0 && get.code == 0)
        for result in [refused, missing, put, get] {
            for secret in [
                "another secret of a person", stage.store.admin.secret, "a secret note", stage.seed.base64.revealed(),
            ] { #expect(!result.output.contains(secret) && !result.errors.contains(secret)) }
        }
    }

    @Test("A full disk is told before the device is in the chain, and the next call joins once") func fullDisk()
        async throws
    {
        let stage = try await ChainDeviceStage()
        try await stage.addDevice("laptop")
        for error in ["ENOSPC", "EDQUOT"] {
            let put = try Running(
                [
                    "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=\(error)",
                    Program.path, "chain", "put", "notes/1", "--json", "--store", stage.folder("laptop"),
                ],
                of: "/usr/bin/strace",
                variables: stage.variables
            )
            put.type("x")
            put.endInput()
            #expect(await put.end() == 74)
            #expect(await put.output().contains("\"store-full\""))
            let status = try ChainDeviceStage.events(try await stage.run("laptop", ["status", "--json"]))
            #expect(status.first?["device"] is NSNull && status.last?["devices"] as? Int == 0)
        }
        #expect(try await stage.run("laptop", ["put", "notes/1"], input: "x").code == 0)
        #expect(try await stage.run("laptop", ["devices"]).lines.count == 1)
    }
}

/// A server that takes connections and says nothing.
private final class Silent: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
}
