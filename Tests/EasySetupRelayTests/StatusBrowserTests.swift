import EasySetup
import EasySetupHandshake
import EasySetupRelayCore
import EasySetupRelayProtocol
import EasySetupSeed
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import EasySetupRelay

/// The status page in a real browser (Debian's package `chromium`), at the widths of a phone and of a desk, by day and by
/// night, with and without its script: `Tests/Browser/status-page.py` looks. With `STATUS_PICTURES=FOLDER` it leaves
/// pictures there; `scripts/status-page` does that.
@Suite(
    "The status page in a browser",
    .enabled(if: Browser.program != nil, "Chromium is not installed: scripts/setup --tests"),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct StatusBrowserTests {
    @Test("An empty relay, a busy hour and a refusing relay are shown as they are, and renew themselves")
    func states() async throws {
        let browser = try Browser()
        defer { browser.stop() }
        try await Self.serve(rooms: 100) { server, port, clock in
            try await browser.look("empty", .ready, done: 0, at: server)
            let done = try await Self.busyHour(port, clock)
            try await browser.look("busy", .ready, done: done, at: server)
        }
        // A relay with one room, which is taken, turns away those who come by the dozen.
        try await Self.serve(rooms: 1) { server, port, clock in
            for _ in 0..<20 {
                try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
                clock.pass(.seconds(60))
            }
            // None of these samples may have an event that comes from here on.
            try await until { try await StatusPageTests.column("ago", server).count == 21 }
            let first = try await TestDevice.connect(port: port)
            try await first.send(.offer(slotLength: 0, work: nil))
            #expect(await first.nextFrame()?.isOffered == true)
            for minute in 0..<4 {
                for _ in 0..<5 + minute {
                    let next = try await TestDevice.connect(port: port)
                    try await next.send(.offer(slotLength: 0, work: nil))
                    guard case .refused(.relayFull, _) = await next.nextFrame() else {
                        Issue.record("not refused")
                        return
                    }
                }
                clock.pass(.seconds(60))
            }
            try await browser.look("refusing", .refusing, done: 20, at: server)
        }
        await browser.end()
    }

    @Test("The page of the relay and that of the script are the same, and hostile words do nothing") func same()
        async throws
    {
        let browser = try Browser()
        defer { browser.stop() }
        let report = Self.strange
        try await Self.serving(StatusPage.routes { $0.makeSucceededFuture(report) }) { port in
            try await browser.look("strange", .draining, done: 1_234_567, port: port, isFixed: true)
        }
        await browser.end()
    }

    @Test("What is wrong with a page is found: else these tests would be worth nothing")
    func wrong() async throws {
        let browser = try Browser()
        defer { browser.stop() }
        let report = StatusReport(RelayStatus.example, StatusHistory(startedAt: .zero), now: .seconds(60))
        let wide = String(repeating: "wide", count: 200)
        let faults = """
            <p style="color: #ccc">inline</p><script>alert(1)</script><img src="http://127.0.0.2:9/x.png" alt="">\
            <pre>\(wide)</pre><table><tr><th>head</th></tr></table><h4>level</h4><p id="pause">undefined</p>
            """
        let routes = StatusPage.routes { $0.makeSucceededFuture(report) }.map { route in
            AdminRoutes.Route(path: route.path) { request, loop in
                route.answer(request, loop).map { answer in
                    var answer = answer
                    answer.body.replace("<main>", with: "<main>" + faults)
                    answer.body.replace("--soft: #505862", with: "--soft: #b0b8c2")
                    answer.body.replace(#"role: "img""#, with: #"role: "none""#)
                    answer.body.replace("(value) => String(", with: "(value) => String(1 + ")
                    return answer
                }
            }
        }
        let found = try await Self.serving(routes) { port in
            try await browser.faults("wrong", .full, done: 0, port: port, isFixed: true)
        }
        for part in [
            "scrolls sideways", "Content Security Policy", "loads http://127.0.0.2",
            "a table has no caption", "a head has no scope", "a level of headings", "an id is there twice",
            "something stands inline", "the page says undefined", "contrast", "a chart is not whole",
            "and in status.json", "the state is ready", "and by the script",
        ] { #expect(found.contains { $0.contains(part) }, "\(part) is not found in \(found)") }
        await browser.end()
    }

    /// Runs a server of an admin port with these routes.
    private static func serving<Value>(
        _ routes: [AdminRoutes.Route],
        _ body: (Int) async throws -> Value
    ) async throws -> Value {
        let hosts = AdminHosts(name: nil)
        let server = AdminServer(routes: AdminRoutes(routes: routes, hosts: hosts), logger: quietLogger)
        let port = try await server.open(try Resolver.places([ListenAddress(host: "127.0.0.1", port: 0)]))[0].port
        do {
            let value = try await body(port)
            await server.close()
            return value
        } catch {
            await server.close()
            throw error
        }
    }

    /// A report with large numbers, all notices, gaps in its history, and words that would be HTML.
    private static var strange: StatusReport {
        var status = RelayStatus.example
        status.hub.statistics.isDraining = true
        status.hub.statistics.rooms = 12_345
        status.hub.fill = [("<img src=x onerror=alert(1)>", 0.999), ("rooms", 0.57), ("'\"&amp;", 0.29)]
        status.build.version = "1.0.0</script><script>alert(1)</script>"
        (status.started, status.taken) = (1_795_000_000, 1_795_300_061)
        status.certificateExpiry = 1_795_300_000
        (status.process.residentBytes, status.memoryCeiling) = (5_700_000_000, 6_000_000_000)
        let late = LoopCounts(timesMessages: false)
        for _ in 0..<9 { late.wasLate(by: .microseconds(1_234_567)) }
        status.loops = [late.status]
        var history = StatusHistory(startedAt: .zero)
        for minute in [1, 2, 3, 30, 31, 50] {
            status.hub.counts.misses += 1000
            status.hub.counts.visits += 1200
            status.hub.counts.wrongProofs += 20
            for _ in 0..<minute { status.hub.counts.refusals.add(.tooMany) }
            status.process.residentBytes = minute == 3 ? nil : 5_700_000_000
            history.add(StatusSample(status, at: .seconds(60 * minute)))
        }
        // One tally of a million is added to bit by bit in no test, so the sum is of the other counts.
        for _ in 0..<1_234_567 { status.hub.counts.pairings.add(.done) }
        status.hub.counts.wrongProofs += 40
        for _ in 0..<20 { status.hub.counts.refusals.add(.relayFull) }
        return StatusReport(status, history, now: .seconds(3300))
    }

    /// Runs a relay with an admin port and a clock by hand.
    private static func serve(
        rooms: Int,
        _ body: (RelayServer, Int, HandClock) async throws -> Void
    ) async throws {
        let clock = HandClock()
        var configuration = MetricsTests.configuration
        configuration.clock = clock.clock
        configuration.limits.rooms = rooms
        configuration.limits.offersPerPrefix = 10_000
        try await withRelay(configuration) { server, port in try await body(server, port, clock) }
    }

    /// An hour with a pairing or three every other minute, codes that wait, and one that is given up. Returns how many
    /// pairings were done.
    private static func busyHour(_ port: Int, _ clock: HandClock) async throws -> Int {
        var done = 0
        var waiting: [any PairDevice] = []
        for minute in 0..<58 {
            for _ in 0..<(minute % 2 == 0 ? 1 + minute % 3 : 0) {
                let way = minute % 3 == 0 ? PairingTests.Transport.longPolling : .webSocket
                let transports = PairingTests.Transports(offerer: way, visitor: .webSocket)
                try await PairingTests.Pair(port: port, through: transports).run(bodies: [[1], [2]])
                done += 1
            }
            if minute % 4 == 1 {
                let device = try await TestDevice.connect(port: port)
                try await device.send(.offer(slotLength: 0, work: nil))
                #expect(await device.nextFrame()?.isOffered == true)
                waiting.append(device)
            }
            if minute % 15 == 7 {
                // A pairing that a user stops.
                let pair = try await PairingTests.Pair(port: port)
                try await pair.offerer.send(.seat(meeting: pair.meeting))
                guard case .seated = await pair.visitor.nextFrame() else { throw PairingTests.Unexpected() }
                try await pair.visitor.send(.leave(.cancelled))
                try await pair.offerer.send(.leave(.cancelled))
            }
            clock.pass(.seconds(60))
        }
        try await pairClients(port)
        done += 1
        let polling = try await PairingTests.Transport.longPolling.connect(port: port)
        try await polling.send(.offer(slotLength: 0, work: nil))
        #expect(await polling.nextFrame()?.isOffered == true)
        let lost = try await TestDevice.connect(port: port)
        try await lost.send(.visit(slot: try #require(.init("ZZZZZZ")), work: nil))
        _ = await lost.nextFrame()
        return done
    }

    /// Two devices pair as apps and the program do, from the code to the stored seed.
    private static func pairClients(_ port: Int) async throws {
        let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true))
        func client(_ name: String, _ store: MemorySeedStore) -> PairingClient {
            PairingClient(name: DeviceName(cleaning: name)!, store: store, limits: .unhurried)
        }
        let seed = SyncSeed.random()
        let stores = [MemorySeedStore(seed), MemorySeedStore()]
        let offerer = Watch(client("old", stores[0]).offer(at: address, approve: { _ in .approve }))
        let code = try await offerer.offer().code
        let visitor = Watch(
            client("new", stores[1]).join(code, at: address, approve: { .word($0.peer.words.second) })
        )
        _ = try await (offerer.outcome().get(), visitor.outcome().get())
        let stored = try await #require(stores[1].load())
        #expect(stored.isSame(as: seed))
    }
}

/// A Chromium that looks at status pages.
private struct Browser {
    static let program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let run: Running

    init() throws {
        let script = StatusPageTests.root.appending(path: "Tests/Browser/status-page.py").path
        let pictures = ProcessInfo.processInfo.environment["STATUS_PICTURES"].map { [$0] } ?? []
        run = try Running([script, try #require(Self.program)] + pictures, of: "/usr/bin/python3")
    }

    func look(_ name: String, _ state: StatusState, done: Int, at server: RelayServer) async throws {
        try await look(name, state, done: done, port: try await server.adminAddresses[0].port)
    }

    /// Looks at a page that must come to show this state and so many pairings done.
    func look(
        _ name: String,
        _ state: StatusState,
        done: Int,
        port: Int,
        isFixed: Bool = false
    ) async throws {
        let faults = try await faults(name, state, done: done, port: port, isFixed: isFixed)
        #expect(faults == [], "\(name): \(faults.joined(separator: "\n"))")
    }

    /// The widths and colours in which a page is looked at: each of them in one of the tests, and for pictures all.
    private static func looks(at name: String) -> [[Any]] {
        let one: [[Any]] = [[375, "light"], [1280, "dark"]]
        let other: [[Any]] = [[375, "dark"], [1280, "light"]]
        if ProcessInfo.processInfo.environment["STATUS_PICTURES"] != nil || name == "busy" { return one + other }
        return name == "refusing" ? other : one
    }

    /// The faults of a page.
    func faults(
        _ name: String,
        _ state: StatusState,
        done: Int,
        port: Int,
        isFixed: Bool
    ) async throws -> [String] {
        let order: [String: Any] = [
            "name": name, "state": state.rawValue, "done": done, "url": "http://127.0.0.1:\(port)/",
            "isFixed": isFixed, "looks": Self.looks(at: name),
        ]
        let data = try JSONSerialization.data(withJSONObject: order)
        run.type(String(decoding: data, as: UTF8.self) + "\n")
        guard let line = await run.line(where: { $0.contains("\"name\": \"\(name)\"") }) else {
            throw Ended(errors: await run.errors())
        }
        let told = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require(told?["faults"] as? [String])
    }

    /// The script has ended too early.
    private struct Ended: Error {
        let errors: String
    }

    func end() async {
        run.endInput()
        let code = await run.end()
        #expect(code == 0)
    }

    func stop() { run.stop() }
}
