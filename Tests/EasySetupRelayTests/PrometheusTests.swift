import CoreMetrics
import Testing

@testable import EasySetupRelay

/// The text formats of Prometheus, and the factory whose metrics are told in them.
@Suite("Prometheus' formats") struct PrometheusTests {
    private static let buckets = PrometheusText.Buckets(bounds: [0.5, 1], counts: [1, 2, 3], sum: 7.25)

    private static func text(_ format: PrometheusText.Format) -> String {
        var text = PrometheusText(format)
        text.add("visits_total", .counter, help: "Tries.", unit: nil, [([], .number(3))])
        text.add(
            "sent_bytes_total",
            .counter,
            help: "Sent.",
            unit: "bytes",
            [([("core", "0"), ("way", "a")], .number(1)), ([("core", "1"), ("way", "b")], .number(2.5))]
        )
        text.add("fill_ratio", .gauge, help: "Full \\ \"half\"\nfull.", unit: "ratio", [([], .number(-0.5))])
        text.add("wait_seconds", .histogram, help: "Wait.", unit: "seconds", [([("core", "0")], .histogram(buckets))])
        text.add("none", .gauge, help: "None.", unit: nil, [])
        return text.finished()
    }

    @Test("The text of Prometheus has help, type, labels in order, and no mark at its end") func plain() {
        #expect(
            Self.text(.prometheus) == """
                # HELP visits_total Tries.
                # TYPE visits_total counter
                visits_total 3
                # HELP sent_bytes_total Sent.
                # TYPE sent_bytes_total counter
                sent_bytes_total{core="0",way="a"} 1
                sent_bytes_total{core="1",way="b"} 2.5
                # HELP fill_ratio Full \\\\ "half"\\nfull.
                # TYPE fill_ratio gauge
                fill_ratio -0.5
                # HELP wait_seconds Wait.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{core="0",le="0.5"} 1
                wait_seconds_bucket{core="0",le="1.0"} 3
                wait_seconds_bucket{core="0",le="+Inf"} 6
                wait_seconds_sum{core="0"} 7.25
                wait_seconds_count{core="0"} 6

                """
        )
    }

    @Test("That of OpenMetrics names counters without their suffix, has units, and a mark at its end") func open() {
        #expect(
            Self.text(.openMetrics) == """
                # HELP visits Tries.
                # TYPE visits counter
                visits_total 3
                # HELP sent_bytes Sent.
                # TYPE sent_bytes counter
                # UNIT sent_bytes bytes
                sent_bytes_total{core="0",way="a"} 1
                sent_bytes_total{core="1",way="b"} 2.5
                # HELP fill_ratio Full \\\\ \\"half\\"\\nfull.
                # TYPE fill_ratio gauge
                # UNIT fill_ratio ratio
                fill_ratio -0.5
                # HELP wait_seconds Wait.
                # TYPE wait_seconds histogram
                # UNIT wait_seconds seconds
                wait_seconds_bucket{core="0",le="0.5"} 1
                wait_seconds_bucket{core="0",le="1.0"} 3
                wait_seconds_bucket{core="0",le="+Inf"} 6
                wait_seconds_sum{core="0"} 7.25
                wait_seconds_count{core="0"} 6
                # EOF

                """
        )
    }

    @Test("Labels are escaped, numbers are those of the format, and names have no other symbols than it allows")
    func words() {
        var text = PrometheusText(.prometheus)
        text.add("a", .gauge, help: "", unit: nil, [([("x", "b\\c\"d\ne")], .number(.infinity))])
        text.add("b", .gauge, help: "", unit: nil, [([], .number(.nan)), ([("x", "ü")], .number(-.infinity))])
        text.add("c", .gauge, help: "", unit: nil, [([], .number(1e16)), ([], .number(123_456_789_012))])
        #expect(
            text.finished() == """
                # TYPE a gauge
                a{x="b\\\\c\\"d\\ne"} +Inf
                # TYPE b gauge
                b NaN
                b{x="ü"} -Inf
                # TYPE c gauge
                c 1e+16
                c 123456789012

                """
        )
        #expect(PrometheusText.metricName("http.requests:all/2") == "http_requests:all_2")
        #expect(PrometheusText.metricName("2xx") == "_2xx" && PrometheusText.metricName("") == "_")
        #expect(PrometheusText.labelName("a:b") == "a_b")
    }

    @Test(
        "A scraper gets the format that it asks for",
        arguments: [
            ([], false), (["*/*"], false), (["text/plain"], false), (["application/openmetrics-text"], true),
            (["application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"], true),
            (["text/plain, application/openmetrics-text;q=0.5"], false),
            (["text/plain;q=0.2", "Application/OpenMetrics-Text; version=1.0.0; q=0.3"], true),
            (["application/openmetrics-text;q=0"], false), (["application/openmetrics-text;q=x"], true),
            (["text/html,application/json"], false),
        ]
    )
    func negotiation(accept: [String], isOpen: Bool) {
        #expect((PrometheusText.Format(accept: accept) == .openMetrics) == isOpen)
    }

    @Test("A factory keeps counters, gauges and histograms, and tells those with a value in order") func factory() {
        let factory = PrometheusFactory([.init(name: "b_total", help: "B.", unit: nil)])
        let counter = Counter(label: "b_total", dimensions: [("y", "2"), ("x", "1")], factory: factory)
        counter.increment(by: 2)
        Counter(label: "b_total", dimensions: [("x", "1"), ("y", "2")], factory: factory).increment()
        Gauge(label: "a", factory: factory).record(4)
        let meter = Meter(label: "m", factory: factory)
        meter.set(3)
        meter.decrement(by: 1.5)
        Timer(label: "t_seconds", factory: factory).recordNanoseconds(20_000_000)
        // Prometheus has one kind for each name, so this is told nowhere.
        Gauge(label: "b_total", factory: factory).record(9)
        let gone = Counter(label: "gone", factory: factory)
        gone.destroy()
        let text = factory.text(.prometheus)
        #expect(text.hasPrefix("# HELP b_total B.\n# TYPE b_total counter\nb_total{x=\"1\",y=\"2\"} 3\n"))
        #expect(text.contains("# TYPE a gauge\na 4\n# TYPE m gauge\nm 1.5\n# TYPE t_seconds histogram\n"))
        #expect(text.contains("t_seconds_bucket{le=\"0.01\"} 0\nt_seconds_bucket{le=\"0.025\"} 1\n"))
        #expect(text.hasSuffix("t_seconds_sum 0.02\nt_seconds_count 1\n"))
        #expect(!text.contains("gone") && !text.contains(" 9\n"))
    }
}
