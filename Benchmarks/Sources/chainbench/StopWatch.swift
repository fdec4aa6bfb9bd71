import Glibc

/// A stopwatch, which measures the time since it was made.
struct StopWatch {
    private let begin = ContinuousClock.now

    var seconds: Double { (ContinuousClock.now - begin) / .seconds(1) }
}

/// The counts that the system keeps of this process.
enum OwnProcess {
    /// The CPU time of all threads, in seconds.
    static var cpu: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// A line of `/proc/self/status` in bytes, such as `VmHWM`, the most memory that was resident at once.
    static func bytes(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = fread(&buffer, 1, buffer.count, file)
        for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("\(name):") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map {
                $0 * 1_024
            } ?? 0
        }
        return 0
    }
}

/// Prints figures as one line of JSON.
func show(_ figures: KeyValuePairs<String, Double>) {
    let parts = figures.map { name, value in "\"\(name)\": \(value == value.rounded() ? "\(Int(value))" : "\(value)")" }
    print("{\(parts.joined(separator: ", "))}")
}
