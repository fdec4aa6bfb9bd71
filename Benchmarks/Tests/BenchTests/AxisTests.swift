import Testing

@testable import bench

@Suite("An axis of a chart") struct AxisTests {
    @Test(
        "An axis has ticks around its values, and fewer ticks where it is long",
        arguments: [
            ([3], [2, 5]), ([5], [5, 10]), ([1_000, 15_000], [1_000, 2_000, 5_000, 10_000, 20_000]),
            ([1, 16, 128, 1_024], [1, 10, 100, 1_000]), ([0.02, 7_000], [0.1, 1, 10, 100, 1_000, 10_000]),
        ] as [([Double], [Double])]
    )
    func ticks(values: [Double], expected: [Double]) throws {
        let axis = try #require(Axis(values, from: 0, to: 100))
        #expect(axis.ticks.count == expected.count)
        for (tick, expected) in zip(axis.ticks, expected) { #expect(abs(tick / expected - 1) < 1e-9) }
    }

    @Test("An axis has its ends around its values, and equal factors take equal distances") func places() throws {
        let axis = try #require(Axis([1, 10, 100], from: 200, to: 100))
        #expect(axis.place(1) == 200)
        #expect(axis.place(10) == 150)
        #expect(axis.place(100) == 100)
        #expect(axis.place(0) == 200)
    }

    @Test("There is no axis without values above zero") func none() {
        #expect(Axis([], from: 0, to: 1) == nil)
        #expect(Axis([0, -1, .infinity], from: 0, to: 1) == nil)
    }
}
