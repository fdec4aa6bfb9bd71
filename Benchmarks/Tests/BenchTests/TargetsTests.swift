import Testing

@testable import bench

@Suite("The targets of the bench") struct TargetsTests {
    @Test("No target is judged that was not measured") func nothing() {
        let rows = Targets.rows(of: Results())
        #expect(rows.allSatisfy { $0.verdict == .unknown && $0.figure == nil })
    }

    @Test(
        "A pairing's target is judged by the relay's CPU time",
        arguments: [(180.0, .met), (200, .met), (201, .missed)] as [(Double, Targets.Verdict)]
    )
    func cost(microseconds: Double, verdict: Targets.Verdict) throws {
        var results = Results()
        results.loads = [load(.plain, .inFlight(16), microseconds: microseconds)]
        let row = try #require(Targets.rows(of: results).first)
        #expect(row.verdict == verdict)
        #expect(abs(try #require(row.figure) - microseconds) < 0.001)
    }

    @Test("A load in which no pairing ended is not judged") func noPairings() throws {
        var results = Results()
        results.loads = [load(.plain, .inFlight(16), microseconds: 200)]
        results.loads[0].result.pairings = 0
        #expect(try #require(Targets.rows(of: results).first).verdict == .unknown)
    }

    @Test("The median of several runs is judged") func middle() throws {
        var results = Results()
        results.loads = [500, 190, 180].map { load(.plain, .inFlight(16), microseconds: $0) }
        let row = try #require(Targets.rows(of: results).first)
        #expect(abs(try #require(row.figure) - 190) < 0.001)
        // A load without a finished pairing is the worst.
        results.loads.append(load(.plain, .inFlight(16), microseconds: 170))
        results.loads[3].result.pairings = 0
        #expect(abs(try #require(Targets.rows(of: results).first?.figure) - 500) < 0.001)
    }

    @Test("Two cores are compared with one, or with two relays where the generator has no core of its own")
    func cores() throws {
        var results = Results()
        results.loads = Results.Layout.allCases.map { layout in
            var row = load(
                .cores,
                .inFlight(128),
                microseconds: [.single: 200, .shared: 253, .apart: 230][layout] ?? 0
            )
            row.layout = layout
            return row
        }
        func row(_ machineCores: Int) throws -> Targets.Row {
            let rows = Targets.rows(of: results, machineCores: machineCores)
            return try #require(rows.first { $0.what.contains("two cores") })
        }
        #expect(abs(try #require(try row(2).figure) - 10) < 0.001)
        #expect(try row(2).verdict == .met)
        #expect(abs(try #require(try row(4).figure) - 26.5) < 0.001)
        #expect(try row(4).verdict == .missed)
    }

    @Test("A pairing is compared with what a bare forwarder takes for it") func bare() throws {
        var results = Results()
        results.loads = [
            load(.bare, .inFlight(16), microseconds: 120), load(.plain, .inFlight(16), microseconds: 210),
            load(.bare, .inFlight(128), microseconds: 100), load(.plain, .inFlight(128), microseconds: 200),
        ]
        let rows = Targets.rows(of: results).filter { $0.what.contains("bare forwarder") }
        #expect(rows.map(\.verdict) == [.met, .missed])
        #expect(abs(try #require(rows[0].figure) - 1.75) < 0.001)
    }

    @Test("The work of a core is compared, however much of the core was used") func ratio() throws {
        var results = Results()
        results.loads = [
            load(.plain, .inFlight(16), microseconds: 200), load(.mailbox, .inFlight(128), microseconds: 2_200),
        ]
        let row = try #require(Targets.rows(of: results).first { $0.what.contains("mailbox") })
        #expect(abs(try #require(row.figure) - 11) < 0.001)
        #expect(row.verdict == .met)
    }

    @Test("The largest crowd that stood is taken") func crowds() throws {
        var results = Results()
        results.crowds = [
            crowd(1_000, bytesEach: 5_000, microseconds: 400), crowd(10_000, bytesEach: 7_000, microseconds: 220),
        ]
        let rows = Targets.rows(of: results)
        let memory = try #require(rows.first { $0.what.hasSuffix("device, WebSocket") })
        #expect(memory.figure == 7_000.0 / 1_024)
        #expect(memory.verdict == .missed)
        let growth = try #require(rows.first { $0.what.contains("100,000") })
        #expect(abs(try #require(growth.figure) - 10) < 0.001)
        // The target asks for a hundred thousand devices.
        #expect(growth.verdict == .partly)
    }

    @Test("One dropped connection is counted") func dropped() throws {
        var results = Results()
        results.loads = [load(.plain, .inFlight(1_024), microseconds: 200, drops: 1)]
        let row = try #require(Targets.rows(of: results).last)
        #expect(row.figure == 1)
        #expect(row.verdict == .missed)
    }

    private func load(
        _ subject: Subject,
        _ pace: Load.Pace,
        microseconds: Double,
        drops: Int = 0
    ) -> Results.LoadRow {
        Results.LoadRow(subject: subject, pace: pace, result: result(microseconds, drops: drops))
    }

    /// A thousand pairings in ten seconds.
    private func result(_ microseconds: Double, drops: Int = 0) -> LoadResult {
        LoadResult(
            elapsed: 10,
            pairings: 1_000,
            failures: [:],
            network: NetworkCounters(overflows: 0, drops: drops, retransmitted: 0),
            pairing: Histogram(),
            message: Histogram(),
            serverCPU: microseconds / 1_000,
            ownCPU: 0.1,
            otherCPU: 0
        )
    }

    private func crowd(_ count: Int, bytesEach: Int, microseconds: Double) -> Results.CrowdRow {
        let before = ProcessFigures(cpu: 1, resident: 10_000_000)
        return Results.CrowdRow(
            subject: .plain,
            count: count,
            seconds: 1,
            before: before,
            full: ProcessFigures(cpu: 2, resident: 10_000_000 + count * bytesEach),
            after: before,
            empty: result(200),
            load: result(microseconds)
        )
    }
}
