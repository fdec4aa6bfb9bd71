import EasySetupSeed
import Foundation
import TestSupport
import Testing

@Suite("The command chain import-v0", .inTurn, .timeLimit(.minutes(60))) struct ImportVersion0Tests {
    let scratch = ScratchFolder()

    /// The members of the vectors that these tests read.
    private struct Vectors: Decodable {
        struct Key: Decodable {
            let seed: String
        }

        struct Listing: Decodable {
            struct Record: Decodable {
                let category: Int
                let time_ms: Int
                let record: String
            }

            struct Unread: Decodable {}

            let why: String
            let lines: [String]
            let records: [Record]
            let unread: [Unread]
            let refused: [String: Int]
        }

        let keys: [Key]
        let listings: [Listing]

        static let all = Result {
            let file = PagesTests.root.appending(components: "Protocol", "vectors", "journal-v0.json")
            return try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        }
    }

    private static let hex = String((0..<32).flatMap { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) })

    private static var seed: SyncSeed {
        get throws {
            let bytes = Array(UInt8(0)..<32)
            return try SyncSeed(bytes: SecretBytes(copying: bytes.span.bytes))
        }
    }

    private func names(of records: [(category: Int, time: UInt64, plaintext: [UInt8])]) throws -> [String] {
        let writer = Version0Writer(try Self.seed)
        return records.enumerated().flatMap { index, record in
            writer.names(
                category: record.category,
                time: record.time,
                record.plaintext,
                nonce: [0, 0, UInt8(index & 255), UInt8(index >> 8 & 255)] + [UInt8](repeating: 7, count: 20)
            )
        }
    }

    @Test("With --json each record of a listing is a line, in the order of the times, and nothing else is") func json()
        async throws
    {
        for listing in try Vectors.all.get().listings {
            // The listings about white space end as files do that another system wrote.
            let file = try scratch.file("listing", listing.lines.joined(separator: "\n"))
            let result = try await Program.run(["chain", "import-v0", file, "--json"], input: Self.hex)
            let events = try result.lines.map { line in
                try JSONSchema.check(line: line)
                return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            #expect(events.allSatisfy { $0["event"] as? String == "record" })
            #expect(events.map { $0["category"] as? Int } == listing.records.map(\.category), "\(listing.why)")
            #expect(events.map { $0["time_ms"] as? Int } == listing.records.map(\.time_ms), "\(listing.why)")
            #expect(events.map { $0["record_hex"] as? String } == listing.records.map(\.record), "\(listing.why)")
            let isLoss =
                !listing.unread.isEmpty || listing.records.isEmpty
                || listing.refused.keys.contains { ["damaged", "wrong-part", "too-long"].contains($0) }
            #expect(result.code == (isLoss ? 65 : 0), "\(listing.why)")
            for (_, count) in listing.refused { #expect(result.errors.contains("Left out: \(count) line")) }
            #expect(result.errors.contains("Not read: ") == !listing.unread.isEmpty)
        }
    }

    @Test("A person reads time, kind, action, name and address, and control characters do nothing") func people()
        async throws
    {
        let all = try #require(try Vectors.all.get().listings.first)
        let file = try scratch.file("listing", all.lines.joined(separator: "\r\n"))
        let result = try await Program.run(["chain", "import-v0", file], input: Self.hex)
        #expect(result.code == 0)
        #expect(
            result.lines.map { $0.prefix(120) }
                == [
                    #"2016-11-24T15:06:40.000Z  device    create   "alpha""#,
                    #"2016-11-24T15:06:40.002Z  bookmark  update   "Exämple ☃" https://example.com/"#,
                    #"2016-11-24T15:06:40.004Z  setting   update   https?://example.com"#,
                    #"2016-11-24T15:06:40.006Z  visit     create   "long" https://example.com/?q="#
                        + String(repeating: "x", count: 45),
                ].map { $0[...] }.map { $0.prefix(120) }
        )
        #expect(result.errors == "4 records")
        // A device whose name has an escape sequence, a line feed and a quotation mark.
        let name = Array("a\u{1B}[31m\nb\"\u{202E}\u{9B}c".utf8)
        let device: [UInt8] = [0x08, 0x02, 0x3A, UInt8(name.count + 2), 0x0A, UInt8(name.count)] + name
        let hostile = try names(of: [(2, 1_480_000_000_000, device), (0, 1_480_000_000_001, [0xFF, 0x1B, 0x0A])])
        let shown = try await Program.run(
            ["chain", "import-v0", try scratch.file("hostile", hostile.joined(separator: "\n"))],
            input: Self.hex
        )
        #expect(
            shown.lines == [
                #"2016-11-24T15:06:40.000Z  device    delete   "a[31m bc""#,
                "2016-11-24T15:06:40.001Z  unknown   unknown  3 bytes",
            ]
        )
    }

    @Test("The seed is read in every written form, and from a store, and is in no output") func seeds() async throws {
        let seed = try Self.seed
        let all = try #require(try Vectors.all.get().listings.first)
        let file = try scratch.file("listing", all.lines.joined(separator: "\n"))
        let expected = try await Program.run(["chain", "import-v0", file, "--json"], input: Self.hex).output
        #expect(expected.split(separator: "\n").count == 4)
        for text in [seed.recoveryPhrase.revealed(), seed.link.revealed(), seed.base64.revealed()] {
            let result = try await Program.run(
                ["chain", "import-v0", file, "--json", "--log-level", "trace"],
                input: text + "\n"
            )
            #expect(result.code == 0 && result.output == expected)
            for secret in [text, Self.hex] { #expect(!result.errors.contains(secret)) }
        }
        #expect(try await Program.run(["seed", "import", "--store", scratch.store], input: Self.hex).code == 0)
        let stored = try await Program.run(["chain", "import-v0", file, "--json", "--store", scratch.store])
        #expect(stored.code == 0 && stored.output == expected)
        let piped = try await Program.run(
            ["chain", "import-v0", "-", "--json", "--store", scratch.store],
            input: all.lines.joined(separator: "\n")
        )
        #expect(piped.code == 0 && piped.output == expected)
        // Another seed at standard input counts before the stored one.
        let other = try await Program.run(
            ["chain", "import-v0", file, "--json", "--store", scratch.store],
            input: SeedCommandTests.hex
        )
        #expect(other.code == 65 && other.output.isEmpty)
        #expect(other.errors.contains("Left out: 6 lines of another chain. First: line 1"))
        #expect(other.errors.contains("Is this the seed of this listing"))
    }

    @Test("Wrong input ends with an error that repeats nothing of it") func errors() async throws {
        let missing = try await Program.run(["chain", "import-v0", Self.hex, "--json"], input: Self.hex)
        #expect(missing.code == 66)
        #expect(try missing.json()["error"] as? String == "listing-failed")
        #expect(!missing.output.contains(Self.hex) && !missing.errors.contains(Self.hex))
        let folder = try await Program.run(["chain", "import-v0", scratch.path, "--json"], input: Self.hex)
        #expect(try folder.json()["error"] as? String == "listing-failed")
        let file = try scratch.file("listing", "")
        let empty = try await Program.run(["chain", "import-v0", file, "--json"], input: Self.hex)
        #expect(empty.code == 0 && empty.output.isEmpty && empty.errors == "0 records")
        let noSeed = try await Program.run(["chain", "import-v0", file, "--json"], input: "xyzzy")
        #expect(try noSeed.json()["error"] as? String == "seed-unreadable")
        let both = try await Program.run(["chain", "import-v0", "-", "--json"], input: Self.hex)
        #expect(both.code == 64)
        #expect(try both.json()["error"] as? String == "usage")
        let two = try await Program.run(["chain", "import-v0", file, Self.hex, "--json"], input: Self.hex)
        #expect(two.code == 64 && !two.errors.contains(Self.hex) && !two.output.contains(Self.hex))
    }
}
