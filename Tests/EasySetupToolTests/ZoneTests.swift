import Foundation
import TestSupport
import Testing

/// Link-local addresses, which are complete only with the name of a network interface (the zone).
@Suite("The program and zones", .inTurn, .timeLimit(.minutes(60))) struct ZoneTests {
    private let scratch = ScratchFolder()

    /// Whether this process may make a network of its own: root may, and other users on some systems.
    private static let hasNetworks: Bool = {
        let process = Child()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "unshare -r -n ip -6 address add fe80::e5/64 dev lo nodad"]
        (process.standardOutput, process.standardError) = (.null, .null)
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "A relay listens at an address with a zone, and devices pair there by the interface's name and by its number",
        .enabled(
            if: hasNetworks,
            "this system gives the tests no network of their own, for which they need user namespaces or to be root"
        ),
        arguments: ["%25lo", "%lo", "%1"]
    )
    func linkLocal(zone: String) async throws {
        let run = try await Program.shell(
            """
            export ES; cd '\(scratch.path)'; exec unshare -r -n bash -ec '
            ip link set lo up; ip -6 address add fe80::e5/64 dev lo nodad
            "$ES" relay --listen "[fe80::e5%lo]:0" --drain-time 0 --json > relay &
            until [ -s relay ]; do sleep 0.1; done
            PORT=$(sed "s/.*\\"port\\":\\([0-9]*\\).*/\\1/" relay)
            URL="ws://[fe80::e5\(zone)]:$PORT"
            "$ES" seed new --store one > /dev/null
            "$ES" offer --yes --store one --relay "$URL" --allow-plain --json > offer < /dev/null &
            OFFER=$!
            until grep -q offered offer || ! kill -0 $OFFER; do sleep 0.1; done
            CODE=$(sed -n "s/.*\\"code\\":\\"\\([^\\"]*\\)\\".*/\\1/p" offer)
            "$ES" join --store two --relay "$URL" --allow-plain --json "$CODE" < /dev/null || { cat offer >&2; exit 8; }
            wait $OFFER; kill %1
            '
            """
        )
        #expect(run.code == 0, "\(run.output) \(run.errors)")
        #expect(run.output.contains("\"event\":\"paired\""))
    }
}
