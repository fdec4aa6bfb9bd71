import EasySetupHandshake
import EasySetupPairingSession
import Testing

@testable import EasySetup
@testable import EasySetupTool

/// The verdicts of `easysetup doctor`, from facts alone.
@Suite("The checks of the doctor") struct DoctorCheckTests {
    private static let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
    private static let local = RelayAddress(host: "127.0.0.1", port: 80, isPlain: true)!

    private func verdicts(_ check: some DoctorCheck) -> [Finding.Verdict] { check.findings.map(\.verdict) }

    @Test("An address without TLS is a warning on another machine alone") func address() {
        let away = RelayAddress(host: "relay.example", port: 80, isPlain: true)!
        #expect(verdicts(AddressCheck(relay: away, source: "x")) == [.warning])
        #expect(verdicts(AddressCheck(relay: Self.local, source: "x")) == [.good])
        #expect(
            AddressCheck(relay: Self.relay, source: "x").findings[0].what.contains(
                "wss://relay.example:443, named by x"
            )
        )
    }

    @Test("A proxy that NO_PROXY or loopback leaves out is told") func proxy() throws {
        let check = { (relay: RelayAddress, variable: String?) in
            ProxyCheck(relay: relay, variable: variable, proxy: .success(nil)).findings[0].what
        }
        #expect(check(Self.relay, nil) == "No variable names a proxy.")
        #expect(check(Self.relay, "ALL_PROXY").contains("NO_PROXY has the relay's host"))
        #expect(check(Self.local, "ALL_PROXY").contains("the relay is on this machine"))
        let proxy = try ProxyAddress(url: "https://a:b@proxy.example:3128")
        let used = ProxyCheck(relay: Self.relay, variable: "ALL_PROXY", proxy: .success(proxy)).findings[0]
        #expect(used.what == "Devices here go through the proxy https://proxy.example:3128, named by ALL_PROXY.")
    }

    @Test("The variable that names a proxy is the first one that is set") func variable() {
        let variable = { (relay: RelayAddress, set: [String: String]) in
            ProxySettings.variable(for: relay) { set[$0] }
        }
        #expect(variable(Self.relay, ["HTTPS_PROXY": "a", "ALL_PROXY": "b"]) == "HTTPS_PROXY")
        #expect(variable(Self.relay, ["https_proxy": " ", "ALL_PROXY": "b"]) == nil)
        #expect(variable(Self.relay, ["http_proxy": "a"]) == nil)
        #expect(variable(Self.local, ["http_proxy": "a"]) == "http_proxy")
    }

    @Test("A name needs an address of one family, and an answer for both") func name() async throws {
        let one = try #require((await HostProbe(host: "127.0.0.1", port: 1).lookUp(limit: .seconds(600))).all.first)
        let none = PairingError.relayUnreachable(.nameWithoutAddress("h"))
        let silent = PairingError.relayUnreachable(.nameLookup("h"))
        let check = { (ipv4: Result<[ProbedAddress], PairingError>, ipv6: Result<[ProbedAddress], PairingError>) in
            NameCheck(host: "h", isProxys: false, addresses: HostAddresses(ipv4: ipv4, ipv6: ipv6)).findings[0]
        }
        #expect(check(.success([one]), .failure(none)).verdict == .good)
        #expect(check(.success([one]), .failure(none)).what == "h has 1 IPv4 address (A) and 0 IPv6 addresses (AAAA).")
        #expect(check(.success([one, one]), .failure(silent)).verdict == .warning)
        #expect(check(.success([one, one]), .failure(silent)).what.contains("question for IPv6 addresses"))
        #expect(check(.failure(silent), .success([one])).what.contains("question for IPv4 addresses"))
        #expect(check(.failure(none), .failure(silent)).cause == "name-lookup")
        #expect(check(.failure(.relayUnreachable(.nameUnknown("h"))), .failure(none)).cause == "name-unknown")
        #expect(NameCheck(host: "::1", isProxys: false, addresses: nil).findings[0].verdict == .skipped)
    }

    @Test("An address that fails is a warning beside one that answers, and a device without IPv6 is no fault")
    func port() {
        let check = { (ipv4: Result<Duration, PairingError>, ipv6: Result<Duration, PairingError>) in
            PortCheck(results: [("a", false, ipv4), ("b", true, ipv6)]).findings.map(\.verdict)
        }
        let good = Result<Duration, PairingError>.success(.milliseconds(3))
        let refused = Result<Duration, PairingError>.failure(.relayUnreachable(.refused))
        let noNetwork = Result<Duration, PairingError>.failure(.relayUnreachable(.noNetwork))
        #expect(check(good, good) == [.good, .good])
        #expect(check(good, refused) == [.good, .warning])
        #expect(check(refused, good) == [.warning, .good])
        #expect(check(refused, noNetwork) == [.wrong, .wrong])
        #expect(check(good, noNetwork) == [.good, .skipped])
        #expect(check(noNetwork, good) == [.warning, .good])
    }

    @Test("A certificate with less than 14 days is a warning", arguments: [(14, Finding.Verdict.good), (13, .warning)])
    func days(days: Int, verdict: Finding.Verdict) {
        let facts = TLSFacts(version: "1.3", expires: 1_000_000 + days * 86_400, clock: 1_000_000, took: .zero)
        let finding = TLSCheck(results: [("a:1", .success(facts))]).findings[0]
        #expect(finding.verdict == verdict)
        #expect(finding.what.contains("expires in \(days) days"))
    }

    @Test("A wrong certificate at one of two addresses is wrong, because devices may come to it") func oneOfTwo() {
        let facts = TLSFacts(version: "1.3", expires: 10_000_000, clock: 0, took: .zero)
        let fault = PairingError.relayUntrusted(.selfSigned)
        #expect(verdicts(TLSCheck(results: [("a", .success(facts)), ("b", .failure(fault))])) == [.good, .wrong])
    }

    @Test(
        "Clocks that differ by more than ten seconds are a warning",
        arguments: [(10, Finding.Verdict.good), (11, .warning), (-10, .good), (-11, .warning)]
    )
    func clock(ahead: Int, verdict: Finding.Verdict) {
        let finding = ClockCheck(times: (relay: 1_000, device: 1_000 + ahead)).findings[0]
        #expect(finding.verdict == verdict)
        if verdict == .warning { #expect(finding.what.contains(ahead > 0 ? "ahead of" : "behind")) }
        #expect(ClockCheck(times: nil).findings[0].verdict == .skipped)
    }

    @Test("Pairings, round trips and quiet connections") func rest() {
        let pairing = { (outcome: PairingCheck.Outcome) in
            PairingCheck(transport: .webSocket, outcome: outcome).findings[0].verdict
        }
        #expect(pairing(.paired(.seconds(1), by: [.webSocket])) == .good)
        #expect(pairing(.paired(.seconds(1), by: [.webSocket, .longPolling])) == .warning)
        #expect(pairing(.failed(.connectionLost)) == .wrong)
        #expect(pairing(.unfinished(.seconds(30))) == .wrong)
        let trips = RoundTripCheck(transport: .webSocket, times: [3, 1, 2].map { .milliseconds($0) }, tried: 3)
            .findings[0]
        #expect(trips.what == "1.0 ms at least, 2.0 ms in the middle of 3.")
        #expect(verdicts(RoundTripCheck(transport: .longPolling, times: [.zero], tried: 2)) == [.warning])
        #expect(verdicts(RoundTripCheck(transport: .longPolling, times: [], tried: 2)) == [.warning])
        for check in [CheckName.quietCall, .quietWebSocket] {
            #expect(verdicts(QuietCheck(check: check, watched: .seconds(20), outcome: .open)) == [.good])
            let ended = QuietCheck(check: check, watched: .seconds(20), outcome: .ended(.seconds(5))).findings[0]
            #expect(ended.verdict == .warning && ended.what.contains("after 5 s"))
        }
    }

    @Test("The page of the command line has every check") func page() throws {
        let page = try PagesTests.text("docs/command-line.md")
        for check in CheckName.allCases { #expect(page.contains("`\(check.rawValue)`"), "\(check.rawValue)") }
        #expect(page.contains("below \(TLSCheck.leastDays)") && page.contains("above \(ClockCheck.most) s"))
        #expect(page.contains("and \(ExitCodes.wrongRelay) where something is"))
    }
}
