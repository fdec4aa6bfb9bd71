import EasySetupTesting
import Testing

@Suite("The clock of a test") struct ClockTests {
    @Test("It stands still, and moves by what the test says") func stands() async {
        let clock = TestClock()
        let start = clock.now
        await clock.settle()
        #expect(clock.now == start)
        await clock.advance(by: .seconds(5))
        #expect(clock.now == start + .seconds(5))
        await clock.advance(to: start)
        #expect(clock.now == start + .seconds(5))
    }

    @Test("Each sleep ends at its own instant") func order() async throws {
        let clock = TestClock()
        let start = clock.now
        let sleeps = [1, 2, 3].map { seconds in
            Task {
                try await clock.sleep(for: .seconds(seconds))
                return start.duration(to: clock.now)
            }
        }
        while clock.sleeping < 3 { await Task.yield() }
        for (index, sleep) in sleeps.enumerated() {
            #expect(clock.sleeping == 3 - index)
            await clock.advance(by: .seconds(1))
            #expect(try await sleep.value == .seconds(index + 1))
        }
    }

    @Test("A sleep that is over already returns, and a cancelled one throws") func edges() async throws {
        let clock = TestClock()
        try await clock.sleep(until: clock.now)
        let task = Task { try await clock.sleep(for: .seconds(1)) }
        while clock.sleeping < 1 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeping == 0)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        #expect(clock.sleeping == 0)
    }
}
