import EasySetup
import EasySetupRelay
import EasySetupSeed
import Testing

@testable import EasySetupTool

/// The entries of `Protocol/errors.md`, "Causes", compared with the code.
@Suite("Pages of causes") struct CausePageTests {
    private static let wait = Duration.seconds(9)

    static let all: [PairingError] =
        [
            Unreachable.nameUnknown("h"), .nameLookup("h"), .zoneUnknown("z"), .refused, .noAnswer, .noRoute,
            .noNetwork, .cut, .noTLS,
            .tlsCut, .tlsMismatch, .tlsFailed, .behindIsAway(status: 502, retryAfter: wait), .forbiddenHere, .system(1),
            .unknown,
        ].map { .relayUnreachable($0) }
        + [
            Untrusted.expired(at: 0, clock: 1), .notYetValid(from: 1, clock: 0), .wrongName(host: "h", names: ["n"]),
            .noNames, .unknownAuthority(issuer: "i"), .chainIncomplete(issuer: "i"), .selfSigned, .noAuthorities,
            .authoritiesUnreadable(path: "p", .missing), .unfit,
        ].map { .relayUntrusted($0) }
        + [
            OtherServer.web(status: 404), .notHTTP, .tls, .redirectsToTLS, .signIn, .forbidden(status: 403),
            .misdirected,
            .unknown,
        ].map { .notARelay($0) }
        + [
            ProxyFailure.unreachable(.refused), .untrusted(.unfit), .credentials(given: true), .refuses(status: 403),
            .reachesNothing(status: 502, retryAfter: wait), .silent, .garbled, .cut,
        ].map { .proxyFailed($0) } + [.proxyAddress(.unreadable), .proxyAddress(.kind("socks5"))]

    private static let files: [RelayError.FileProblem] = [
        .missing, .leadsNowhere, .notPermitted, .otherKind(.pipe), .tooLarge(limit: 1), .system(1),
    ]

    static let relays: [RelayError] =
        (files.map { RelayError.CertificateProblem.file($0) } + [
            .empty, .unreadable, .binary, .otherContent("x"), .encryptedKey, .mismatch, .unfitKey("x"), .expired("x"),
            .notYetValid("x"),
        ]).map { .badCertificate(path: "p", $0) }
        + (files.map { RelayError.KeyFileProblem.file($0) } + [
            .secrecy(.openToOthers), .secrecy(.foreignOwner), .secrecy(.notKeptHere), .noKey, .malformed(line: 1),
            .tooManyKeys(limit: 8), .noFolder, .folderForbidden,
        ]).map { .badKeyFile(path: "p", $0) }

    @Test("name every cause with its retry and its exit, and no other") func rows() throws {
        let page = try PagesTests.text("Protocol/errors.md")
        let rows = page.matches(of: /\n\| `([a-z-]+)` \| `([a-z-]+)` \| [^|\n]+ \| [^|\n]+ \| ([a-z ]+) \| (\d+) \|/)
        let all: [any ExplainedError] = Self.all + Self.relays
        #expect(rows.map { "\($0.1) \($0.2)" }.sorted() == all.map { "\($0.name) \($0.cause ?? "")" }.sorted())
        for error in all {
            let row = rows.first { $0.1 == error.name && $0.2 == error.cause ?? "" }
            #expect(row.flatMap { Int32($0.4) } == ExitCodes.code(for: error.name))
            if let retry = row?.3, retry != "as there" {
                #expect((retry == "yes") == error.retryHelps, "\(error.name) \(error.cause ?? "")")
            }
            // A command at the end of an advice has no full stop, which would be copied with it.
            let isCommand = error.advice.contains("openssl") || error.advice.contains("chmod")
            #expect(error.description.hasSuffix("."), "\(error.cause ?? "")")
            #expect(error.advice.hasSuffix(".") || isCommand, "\(error.cause ?? "")")
        }
    }
}
