import Glibc

/// Lines for people on standard output, JSON lines for programs in a file.
struct Report {
    private var file: UnsafeMutablePointer<FILE>?

    init(json: String?) {
        file = json.flatMap { fopen($0, "w") }
    }

    mutating func add(load name: String, inFlight: Int, _ result: LoadResult) {
        let micro = { (value: UInt64) in Self.digits(Double(value) / 1e3, 0) }
        print(
            "\(name), \(inFlight) in flight: \(Self.digits(result.rate, 0))/s, "
                + "server \(Self.digits(result.serverCost, 1)) µs (\(Self.digits(result.serverUse * 100, 0)) %), "
                + "generator \(Self.digits(result.ownCost, 1)) µs (\(Self.digits(result.ownUse * 100, 0)) %); pairing p50 "
                + "\(micro(result.pairing.quantile(0.5))) p90 \(micro(result.pairing.quantile(0.9))) p99 "
                + "\(micro(result.pairing.quantile(0.99))) max \(micro(result.pairing.maximum)) µs; message p50 "
                + "\(micro(result.message.quantile(0.5))) p99 \(micro(result.message.quantile(0.99))) max "
                + "\(micro(result.message.maximum)) µs; failures \(result.failures)"
        )
    }

    mutating func add(
        crowd count: Int,
        time: Double,
        before: ProcessFigures,
        full: ProcessFigures,
        after: ProcessFigures,
        while result: LoadResult
    ) {
        let each = Double(full.resident - before.resident) / Double(count) / 1024
        print(
            "\(count) waiting: \(Self.digits(each, 2)) KiB each, came in \(Self.digits(time, 2)) s, "
                + "\(Self.digits((full.cpu - before.cpu) * 1e6 / Double(count), 1)) µs each; "
                + "then \(Self.digits(result.serverCost, 1)) µs a pairing, \(result.failures); "
                + "memory \(before.resident >> 20) → \(full.resident >> 20) → \(after.resident >> 20) MiB"
        )
    }

    static func digits(_ value: Double, _ places: Int) -> String {
        let scale = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
        let rounded = (value * scale).rounded() / scale
        return places == 0 ? "\(Int(rounded))" : "\(rounded)"
    }
}
