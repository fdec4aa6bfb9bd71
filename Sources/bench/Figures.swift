import Glibc

/// What the kernel counts for a process.
struct ProcessFigures {
    /// Seconds of CPU, all threads.
    var cpu: Double
    /// Bytes in memory.
    var resident: Int
    /// The same with pages shared with other processes divided among them; nil where that can't be read.
    var proportional: Int?

    /// Reads them now; nil when the process is gone.
    init?(of process: Int32) {
        guard let threads = opendir("/proc/\(process)/task") else { return nil }
        defer { closedir(threads) }
        var nanoseconds: UInt64 = 0
        while let entry = readdir(threads) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let thread = Int32(name),
                let text = Self.read("/proc/\(process)/task/\(thread)/schedstat"),
                let first = text.split(separator: " ").first, let time = UInt64(first)
            else { continue }
            nanoseconds += time
        }
        cpu = Double(nanoseconds) / 1e9
        guard let status = Self.read("/proc/\(process)/status"), let resident = Self.kilobytes("VmRSS:", in: status)
        else {
            return nil
        }
        self.resident = resident * 1024
        proportional = Self.read("/proc/\(process)/smaps_rollup").flatMap { Self.kilobytes("Pss:", in: $0) }.map {
            $0 * 1024
        }
    }

    /// This process's own.
    static var own: ProcessFigures? { ProcessFigures(of: getpid()) }

    private static func kilobytes(_ key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Times, kept to one part in thirty-two, in fixed memory.
struct Histogram {
    private var counts = [Int](repeating: 0, count: 64 * 32)
    private(set) var count = 0
    private(set) var maximum: UInt64 = 0

    mutating func add(_ value: UInt64) {
        counts[Self.place(value)] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// The value that `share` of all are not above; 0 when there are none.
    func quantile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let wanted = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= wanted { return min(maximum, Self.value(place)) }
        }
        return maximum
    }

    private static func place(_ value: UInt64) -> Int {
        guard value >= 32 else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - 5
        return (shift + 1) * 32 + Int(value >> UInt64(shift)) - 32
    }

    private static func value(_ place: Int) -> UInt64 {
        guard place >= 32 else { return UInt64(place) }
        let shift = place / 32 - 1
        return (UInt64(place % 32 + 32) + 1) << UInt64(shift) - 1
    }
}
