import EasySetup
import Foundation
import TestSupport
import Testing

/// Runs the inputs that libFuzzer has found so far, without libFuzzer: those of each folder of `Corpus`, by the target
/// of that name.
@Suite("The kept inputs of the fuzz targets", .busy) struct CorpusTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    static func inputs(of target: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: target),
            includingPropertiesForKeys: nil
        )
    }

    @Test("Every kept input ends with success or a typed error, and breaks no rule", arguments: FuzzTarget.all)
    func run(target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target.name)
        #expect(!inputs.isEmpty)
        for input in inputs {
            let bytes = [UInt8](try Data(contentsOf: input))
            #expect(throws: Never.self, "\(input.lastPathComponent)") { try target.body(bytes) }
        }
    }

    @Test("The kept inputs are few, and each has a target") func folders() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0 != "README.md" }
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
        var bytes = 0
        for folder in folders {
            for input in try Self.inputs(of: folder) { bytes += try Data(contentsOf: input).count }
        }
        #expect(bytes < 500_000)
    }

    /// The script of an offer: connected, a slot, a visitor, its hello and proof, the user's yes, the receipt.
    static let offer: [UInt8] = [
        1, 0, 0, 1, 0x20, 0, 0, 0, 0, 0, 2, 0, 0, 3, 0, 0, 3, 0, 0, 0, 4, 0, 3, 0, 0,
    ]

    /// The script of a visit: connected, a meeting, the offerer's reply and proof, the package, which is stored.
    static let visit: [UInt8] = [0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 3, 0, 3, 0, 0, 5, 0]

    @Test("Kept inputs include scripts of whole pairings") func pairings() throws {
        for end in [try endOfOffer(Self.offer), try endOfVisit(Self.visit)] {
            guard case .paired = end else {
                Issue.record("the end is \(end)")
                continue
            }
        }
    }

    @Test("A broken rule is reported") func broken() {
        #expect(throws: BrokenRule.self) { try hold(false, "a rule") }
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }
}
