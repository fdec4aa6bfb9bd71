import EasySetup
import EasySetupRelay
import EasySetupSeed
import Testing

@testable import EasySetupPairingSession
@testable import EasySetupTool

/// The entries of `Protocol/errors.md`, "Causes" and "Files of a relay", compared with the code.
@Suite("The pages of causes") struct CausePageTests {
    static let all = PairingError.examples.filter { $0.cause != nil }

    private static let files: [RelayError.FileProblem] = [
        .missing, .leadsNowhere, .notPermitted, .otherKind(.pipe), .tooLarge(limit: 1), .system(1),
    ]

    static let relays: [RelayError] =
        (files.map { RelayError.CertificateProblem.file($0) } + [
            .empty, .unreadable, .binary, .otherContent("x"), .encryptedKey, .mismatch, .unfitKey("x"), .unfitUsage,
            .expired("x"),
            .notYetValid("x"),
        ]).map { .badCertificate(path: "p", $0) }
        + (files.map { RelayError.KeyFileProblem.file($0) } + [
            .secrecy(.openToOthers), .secrecy(.foreignOwner), .secrecy(.notKeptHere), .noKey, .malformed(line: 1),
            .tooManyKeys(limit: 8), .noFolder, .folderForbidden,
        ]).map { .badKeyFile(path: "p", $0) }
        + (files.map { RelayError.MessageFileProblem.file($0) } + [
            .writableByOthers, .foreignOwner, .text(.notUTF8),
        ]).map { .badMessageFile(path: "p", $0) } + fleets.map { .badFleet($0) }

    private static let fleets: [RedisSettingsError] =
        [.twoPasswords, .noPassword, .needlessCertificate, .noKeyFile, .emptyPassword(path: "p"), .system]
        + files.map { .password(path: "p", $0) }
        + [.openToOthers, .foreignOwner].map { .openPassword(path: "p", $0) }
        + (files.map { RelayError.CertificateProblem.file($0) } + [.empty, .unreadable, .binary, .otherContent("x")])
        .map { .authorities(path: "p", $0) }
        + [.empty, .unreadable, .encryptedKey, .mismatch]
        .map { .certificate(.badCertificate(path: "p", $0)) }

    @Test("The page names every cause with its retry and its exit code, and no other") func rows() throws {
        let page = try PagesTests.text("Protocol/errors.md")
        let rows = page.matches(of: /\n\| `([a-z-]+)` \| `([a-z-]+)` \| [^|\n]+ \| [^|\n]+ \| ([a-z ]+) \| (\d+) \|/)
        let all: [any ExplainedError] =
            Self.all + RelayAddressError.examples.filter { $0.cause != nil } + Self.relays
        let named = Set(all.map { "\($0.name) \($0.cause ?? "")" })
        #expect(rows.map { "\($0.1) \($0.2)" }.sorted() == named.sorted())
        for error in all {
            let row = rows.first { $0.1 == error.name && $0.2 == error.cause ?? "" }
            #expect(row.flatMap { Int32($0.4) } == ExitCodes.code(for: error.name))
            if let retry = row?.3, retry != "as there" {
                #expect((retry == "yes") == error.retryHelps, "\(error.name) \(error.cause ?? "")")
            }
            // An advice that ends with a command has no full stop, because a person would copy it with the command.
            let isCommand = error.advice.contains("openssl") || error.advice.contains("chmod")
            #expect(error.description.hasSuffix("."), "\(error.cause ?? "")")
            #expect(error.advice.hasSuffix(".") || isCommand, "\(error.cause ?? "")")
        }
    }

    @Test("The page says after which errors a device without a room connects again") func transient() throws {
        let page = try PagesTests.text("Protocol/errors.md")
        let rows = page.matches(of: /\n\| `([a-z-]+)` \| `([a-z-]+)` \|[^\n]*\| \d+ \| (yes|no|as there) \|(?=\n)/)
        let written = Dictionary(rows.map { ("\($0.1) \($0.2)", "\($0.3)") }, uniquingKeysWith: { first, _ in first })
        for (name, errors) in Dictionary(grouping: Self.all, by: { "\($0.name) \($0.cause ?? "")" }) {
            // A wait that a proxy asked for may be longer than the time in which a device tries again.
            let isTransient = Set(
                errors.filter { $0.retryAfter == .zero }.map { error in
                    var connection = SessionConnection(limits: ClientLimits())
                    return connection.attemptRetry(after: error, now: .zero)
                }
            )
            let expected = isTransient.count > 1 ? "as there" : isTransient.contains(true) ? "yes" : "no"
            #expect(written[name] == expected, "\(name)")
        }
    }
}
