import EasySetup
import EasySetupPicture
import EasySetupSeed
import Foundation
import Testing

@testable import EasySetupTool

@Suite("Errors and events of the command line") struct BaseTests {
    static let seedErrors: [SeedError] = [
        .wrongLength, .tooLong, .unreadable, .textUTF16, .textNotUTF8, .severalSeeds, .phraseWordCount(count: 1),
        .phraseNotEnglish(count: 12), .phraseUnknownWords([.init(position: 1)]),
        .phraseChecksum, .linkVersion, .linkDamaged, .fileForeign, .fileVersion, .fileDamaged, .fileTooCostly,
        .passphraseNeeded, .wrongPassphrase, .passphraseUnfit, .memoryShort, .derivedKeyRefused,
        .signatureRefused,
    ]
    static let userID = SyncSeed.random().userID
    static let storeErrors: [StoreError] = [
        .otherSeedStored(stored: userID, new: userID), .openToOthers, .notOurs, .unfit, .missing, .forbidden, .readOnly,
        .full,
        .busy, .unsuitable(call: "flock"), .failed(errno: 5),
    ]
    static let pictureErrors: [PictureError] = [
        .unreadable(.missing), .foreign(.heic), .tooLarge, .damaged, .noCode, .otherCode, .severalCodes, .pairingLink,
        .libraryMissing(.zbar), .readerFailed, .exists, .notWritten,
    ]
    static let commandErrors: [CommandError] = [
        .usage, .internal, .stopped, .notConfirmed, .noSeedStored, .seedStored(userID), .publicIDGiven, .seedGiven,
        .passphraseFile,
        .passphraseFileOpen, .passphrasesDiffer, .fingerprintDiffers, .seedGuessable, .wrongRestoreCode, .copyNotOpened,
        .noCopy, .severalCopies, .nobodyToAsk(.yes),
        .inputFailed, .outputFailed, .listingFailed, .listingTooLarge,
        .tooFewFiles(allowed: 16, least: 58),
    ]

    @Test("Every error has a name of its own, a text, advice and an exit code") func errors() {
        let errors: [any ExplainedError] =
            Self.seedErrors + Self.storeErrors + Self.commandErrors + Self.pictureErrors
        #expect(Set(errors.map(\.name)).count == errors.count)
        for error in errors {
            #expect(ExitCodes.table[error.name] != nil, "\(error.name)")
            #expect(error.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(error.name)")
            #expect(error.description.hasSuffix(".") && !error.advice.isEmpty, "\(error.name)")
        }
    }

    @Test("An error that a retry helps ends with 75, except for a failing disk") func retries() {
        for error in Self.seedErrors as [any ExplainedError] + Self.storeErrors where error.retryHelps {
            #expect([74, 75].contains(ExitCodes.code(for: error.name)), "\(error.name)")
        }
    }

    @Test("An event is one line of JSON that any reader reads back") func json() throws {
        let text = "\"\\\u{8}\n\r\t\u{0}\u{7F}\u{9B}31m\u{2028}é😀</script>"
        let line = JSONValue.line([
            ("text", .string(text)), ("number", -5), ("yes", true), ("none", .null), ("ke\"y", "x"),
        ])
        #expect(
            !line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 }
        )
        let read = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(read["text"] as? String == text)
        #expect(read["number"] as? Int == -5)
        #expect(read["yes"] as? Bool == true)
        #expect(read["none"] is NSNull)
        #expect(read["ke\"y"] as? String == "x")
    }
}

@Suite("QR codes") struct QRCodeTests {
    @Test("A QR code is drawn as it is, with its finders and a margin", arguments: [true, false]) func drawing(
        isColoured: Bool
    ) throws {
        let code = try #require(QRCode("easysetup-seed:1/0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
        let lines = code.rendered(isColoured: isColoured).split(separator: "\n").map { line in
            line.filter { "█▀▄ ".contains($0) }.map(String.init)
        }
        let margin = QRCode.quietZone
        #expect(lines.allSatisfy { $0.count == code.width + 2 * margin })
        #expect(lines.count == (code.width + 2 * margin + 1) / 2)
        for row in 0..<code.width + 2 * margin {
            for column in 0..<code.width + 2 * margin {
                let drawn = (row.isMultiple(of: 2) ? "█▀" : "█▄").contains(lines[row / 2][column])
                let isDark = code.isDark(column: column - margin, row: row - margin)
                #expect(drawn == isDark)
            }
        }
        for (column, row) in [(0, 0), (code.width - 7, 0), (0, code.width - 7)] {
            #expect((0..<7).allSatisfy { code.isDark(column: column + $0, row: row) })
            #expect(!code.isDark(column: column + 1, row: row + 1))
            #expect(code.isDark(column: column + 3, row: row + 3))
        }
        #expect(!code.isDark(column: -1, row: 0) && !code.isDark(column: 0, row: code.width))
    }

    @Test("A text that is too long for a QR code has none") func tooLong() {
        #expect(QRCode(String(repeating: "x", count: 3000)) == nil)
    }
}
