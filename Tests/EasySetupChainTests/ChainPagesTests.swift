import EasySetupSeed
import Foundation
import Testing

@testable import EasySetupChain

/// The pages of the protocol, compared with the code.
@Suite("The chain's pages") struct ChainPagesTests {
    static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(components: "..", "..")
        return try String(contentsOf: root.appending(path: path).standardizedFileURL, encoding: .utf8)
    }

    /// The cells of the rows of a section's tables.
    static func rows(_ page: String, _ section: String) throws -> [[String]] {
        let parts = try text(page).components(separatedBy: "\n## \(section)\n")
        try #require(parts.count == 2)
        return parts[1].components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| `") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    @Test("The limits of names, records and readers are those of the page") func limits() throws {
        let limits = AssemblerLimits()
        let identifier = RecordLimits.identifierBytes
        let expected = [
            "`nameBytes`": "\(ObjectName.byteLimit)", "`segmentBytes`": "\(ObjectName.segmentBytes)",
            "`partLimit`": "\(ObjectName.partLimit)", "`partBytes`": "\(ObjectName.partBytes)",
            "`recordBytes`": "\(RecordLimits.plaintextBytes)",
            "`valueBytes`": "\(RecordLimits.valueBytes)",
            "`settling`": "\(Compaction.settling / 60_000) min", "`overlap`": "\(Cursor.overlap / 60_000) min",
            "`sendingLimit`": "\(Cursor.sendingLimit / 60_000) min",
            "`orphanAge`": "\(Compaction.orphanAge / 86_400_000) day",
            "`horizon`": "\(Compaction.horizon / 86_400_000) days",
            "`writersAge`": "\(Compaction.writersAge / 86_400_000) days",
            "`floorAge`": "\(Compaction.floorAge / 86_400_000) days",
            "`collectionNameBytes`": "\(CollectionName.byteLimit)",
            "`identifierBytes`": "\(identifier.lowerBound) to \(identifier.upperBound)",
            "`certificateBytes`": "\(Certificate.byteLimit)", "`certificateRights`": "\(Certificate.rightLimit)",
            "`membershipBytes`": "\(Membership.byteLimit)", "`membershipKeys`": "\(Membership.generationLimit)",
            "`generations`": "\(GenerationLimits.count)", "`generationJump`": "\(GenerationLimits.jump)",
            "`boxesPerGeneration`": "\(UnopenedBox.boxesPerGeneration)",
            "`keptParts` of a reader": "\(limits.keptParts)",
            "`variantsPerPart` of a reader": "\(limits.variantsPerPart)",
            "`collections`": "\(ChainLimits().collections)", "`objects` of a reader": "\(ChainLimits().objects)",
            "`reasonBytes`": "\(CollectionRequest.reasonBytes)",
        ]
        let page = try Self.rows("Protocol/limits.md", "The chain")
            .map { ($0[0], $0[1].replacing(",", with: "")) }
        for (name, value) in expected {
            #expect(page.contains { $0 == (name, value) }, "\(name) is \(value)")
        }
    }

    @Test("Every error of a chain is on the page, with its advice about a retry") func errors() throws {
        let source = try Self.text("Sources/EasySetupChain/Errors/ChainError.swift")
        let codes = source.matches(of: /static let \w+ = Self\(rawValue: "([a-z-]+)"\)/).map { String($0.1) }
        #expect(codes.count >= 11)
        let rows = try Self.rows("Protocol/errors.md", "The chain")
        #expect(Set(rows.map { $0[0] }) == Set(codes.map { "`\($0)`" }))
        #expect(rows.allSatisfy { $0.count == 4 && ["yes", "no"].contains($0[3]) })
    }

    @Test("The texts of a chain's errors are those of docs/texts.md") func texts() throws {
        let path = "docs/texts.md"
        let rows = ChainError.examples.map { error in
            let text = error.explanation
            #expect(error.description == text.filled(text.sentence))
            #expect(!(error.description + error.advice).contains("{"))
            let parameters = text.parameters.map { "`\($0.name)`" }.joined(separator: ", ")
            return "| `\(text.key)` | \(parameters) | \(text.sentence) | \(text.advice) |"
        }
        var seen: Set<String> = []
        let unique = rows.filter { seen.insert($0).inserted }
        let head = "\n## The chain\n\nThe texts of `ChainError`.\n\n"
        let table =
            "| key | parameters | sentence | advice |\n|---|---|---|---|\n" + unique.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["EASYSETUP_WRITE_TEXTS"] != nil {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(components: "..", "..", "docs", "texts.md").standardizedFileURL
            let before = try Self.text(path).components(separatedBy: head)[0]
            try (before + head + table).write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try Self.text(path).hasSuffix(head + table))
        let source = try Self.text("Sources/EasySetupChain/Errors/ChainError.swift")
        let codes = source.matches(of: /static let \w+ = Self\(rawValue: "([a-z-]+)"\)/).map { String($0.1) }
        #expect(Set(ChainError.examples.map(\.name)) == Set(codes))
    }

    @Test("The reasons why a record can't be used are those of the page") func reasons() throws {
        let page = try Self.text("Protocol/chain.md")
        for fault in RecordFault.allCases { #expect(page.contains("| `\(fault.rawValue)` |")) }
        for label in [
            ChainLabel.record, ChainLabel.snapshot, ChainLabel.keyChange, ChainLabel.earlierKeys,
            ChainLabel.certificate,
            ChainLabel.collection, ChainLabel.key, ChainLabel.deviceBox, ChainLabel.deviceSigning,
            ChainLabel.request, ChainLabel.grant, ChainLabel.decline,
        ] { #expect(page.contains(label)) }
    }

    @Test("The public call signs nothing that begins with a label of the page, and the chain signs nothing else")
    func labels() throws {
        let rows = try Self.text("Protocol/chain.md").components(separatedBy: "\n## Labels\n")[1]
            .components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| \"") }
        let labels = Set(rows.flatMap { $0.matches(of: /"([^"]+ 1)"/) }.map { String($0.1) })
        let signed = [
            ChainLabel.snapshot, ChainLabel.keyChange, ChainLabel.earlierKeys, ChainLabel.certificate, ChainLabel.grant,
            ChainLabel.decline, ChainLabel.request, ChainLabel.leave,
        ]
        #expect(
            labels
                == Set(
                    signed + [
                        ChainLabel.record, "easysetup/credentials request 1", "easysetup/credentials plain request 1",
                    ]
                )
        )
        let (seed, stamp) = (SyncSeed.random(), Stamp(generation: 1, time: 1, writer: DeviceID(value: 9)))
        for label in labels {
            for message in [ChainLabel.signed(label, [1]), ChainLabel.signed(label, stamp, [1])] {
                #expect(throws: SeedError.signatureRefused, "\(label)") { try seed.signature(for: message) }
                #expect(seed.userID.isValid(signature: seed.chainSignature(for: message), for: message))
            }
        }
    }
}
