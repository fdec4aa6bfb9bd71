import Glibc

/// What the kernel counts for a process.
struct ProcessFigures {
    /// Seconds of CPU, all threads.
    var cpu: Double
    /// Bytes in memory.
    var resident: Int
    /// The same with pages shared with other processes divided among them; nil where that can't be read.
    var proportional: Int?

    init(cpu: Double, resident: Int) {
        self.cpu = cpu
        self.resident = resident
    }

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

    /// This process's own.
    static var own: ProcessFigures? { ProcessFigures(of: getpid()) }
}
