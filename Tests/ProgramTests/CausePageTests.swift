import PairingClient
import SyncSeed
import Testing

@testable import easysetup

/// What `Protocol/errors.md`, "Causes", says of each cause.
@Suite("Pages of causes") struct CausePageTests {
    private static let wait = Duration.seconds(9)

    static let all: [PairingError] =
        [
            Unreachable.nameUnknown("h"), .nameLookup("h"), .refused, .noAnswer, .noRoute, .noNetwork, .cut, .noTLS,
            .tlsCut, .tlsMismatch, .tlsFailed, .behindIsAway(status: 502, retryAfter: wait), .forbiddenHere, .system(1),
            .unknown,
        ].map { .relayUnreachable($0) }
        + [
            Untrusted.expired(at: 0, clock: 1), .notYetValid(from: 1, clock: 0), .wrongName(host: "h", names: ["n"]),
            .noNames, .unknownAuthority(issuer: "i"), .selfSigned, .noAuthorities,
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

    @Test("name every cause with its retry and its exit, and no other") func rows() throws {
        let page = try PagesTests.text("Protocol/errors.md")
        let rows = page.matches(of: /\n\| `([a-z-]+)` \| `([a-z-]+)` \| [^|\n]+ \| [^|\n]+ \| ([a-z ]+) \| (\d+) \|/)
        #expect(rows.map { "\($0.1) \($0.2)" }.sorted() == Self.all.map { "\($0.name) \($0.cause ?? "")" }.sorted())
        for error in Self.all {
            let row = rows.first { $0.1 == error.name && $0.2 == error.cause ?? "" }
            #expect(row.flatMap { Int32($0.4) } == ExitCodes.code(for: error.name))
            if let retry = row?.3, retry != "as there" {
                #expect((retry == "yes") == error.retryHelps, "\(error.name) \(error.cause ?? "")")
            }
            #expect(error.description.hasSuffix(".") && error.advice.hasSuffix("."), "\(error.cause ?? "")")
        }
    }
}
