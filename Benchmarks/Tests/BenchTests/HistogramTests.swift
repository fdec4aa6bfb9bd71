import Testing

@testable import bench

@Suite("Histograms of times") struct HistogramTests {
    @Test(
        "Times are kept to one part in thirty-two, whatever their size",
        arguments: [1, 31, 32, 1_000, 123_456_789, UInt64.max]
    )
    func precision(value: UInt64) {
        var times = Histogram()
        times.add(value)
        times.add(UInt64.max)
        let median = times.quantile(0.5)
        #expect(median >= value)
        #expect(median - value <= value / 32)
    }

    @Test("No more than its share of the times is above a quantile") func quantiles() {
        var times = Histogram()
        for value in 1...20 { times.add(UInt64(value)) }
        #expect(times.quantile(0.5) == 10)
        #expect(times.quantile(0.9) == 18)
        #expect(times.quantile(0.99) == 20)
        #expect(times.maximum == 20)
        #expect(times.count == 20)
    }

    @Test("The quantiles of no times are zero") func empty() {
        #expect(Histogram().quantile(0.5) == 0)
    }
}
