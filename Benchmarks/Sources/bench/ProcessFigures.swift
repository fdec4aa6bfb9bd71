import Glibc

/// The kernel's figures of a process: its CPU time and its memory.
struct ProcessFigures {
    /// The CPU time of all threads, in seconds.
    var cpu: Double
    /// Resident memory in bytes (RSS).
    var resident: Int
    /// Proportional memory in bytes (PSS), in which shared pages are divided among their processes; nil where it can't
    /// be read.
    var proportional: Int?

    init(cpu: Double, resident: Int) {
        self.cpu = cpu
        self.resident = resident
    }

    /// Reads the current figures; nil when the process has ended.
    init?(of process: Int32) {
        guard let threads = opendir("/proc/\(process)/task") else { return nil }
        defer { closedir(threads) }
        var nanoseconds: UInt64 = 0
        while let entry = readdir(threads) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let thread = Int32(name),
                let text = Machine.file("/proc/\(process)/task/\(thread)/schedstat"),
                let first = text.split(separator: " ").first, let time = UInt64(first)
            else { continue }
            nanoseconds += time
        }
        cpu = Double(nanoseconds) / 1e9
        guard let status = Machine.file("/proc/\(process)/status"),
            let resident = Machine.kilobytes("VmRSS:", in: status)
        else {
            return nil
        }
        self.resident = resident * 1024
        proportional = Machine.file("/proc/\(process)/smaps_rollup").flatMap { Machine.kilobytes("Pss:", in: $0) }.map {
            $0 * 1024
        }
    }

    /// The figures of this process.
    static var own: ProcessFigures? { ProcessFigures(of: getpid()) }
}
