import Glibc

/// The machine on which a run is made.
enum Machine {
    static var cores: Int { Int(sysconf(Int32(_SC_NPROCESSORS_CONF))) }

    /// The available memory in bytes; the largest number when the system does not report it.
    static var availableMemory: Int {
        file("/proc/meminfo").flatMap { kilobytes("MemAvailable:", in: $0) }.map { $0 * 1024 } ?? .max
    }

    /// The CPU time that all processes have used since the machine started, and that the hypervisor took, in seconds.
    static var busySeconds: Double {
        guard let line = file("/proc/stat")?.split(separator: "\n").first else { return 0 }
        // The fields are user, nice, system, idle, iowait, irq, softirq and steal. The two that follow (guest,
        // guest_nice) are already counted in user and nice.
        let ticks = line.split(separator: " ").dropFirst().prefix(8).map { Double($0) ?? 0 }
        guard ticks.count == 8 else { return 0 }
        return (ticks.reduce(0, +) - ticks[3] - ticks[4]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A description in one line: processor, cores, memory, system.
    static var description: String {
        let processor = file("/proc/cpuinfo").flatMap { value("model name", in: $0) } ?? "unknown processor"
        let memory = file("/proc/meminfo").flatMap { kilobytes("MemTotal:", in: $0) } ?? 0
        let kernel = file("/proc/sys/kernel/osrelease")?.split(separator: "\n").first ?? ""
        return "\(processor), \(cores) cores, \((memory + 512 * 1024) >> 20) GiB, Linux \(kernel)"
    }

    /// The number after a key such as `VmRSS:`, in a file of `/proc`; nil when the file lacks the key.
    static func kilobytes(_ key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    /// The content of a small file; nil when it can't be read.
    static func file(_ path: String) -> String? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(_ key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return line.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
        }
        return nil
    }
}

/// The limit of open files for this process and its children.
enum OpenFiles {
    /// The number of descriptors that a process needs in addition to the counted sockets: for pairings beside a crowd,
    /// second sockets, and the program itself.
    static let spare = 1_024

    /// Raises the limit to `count`, if the system allows it. Returns whether it is high enough.
    static func allow(_ count: Int) -> Bool {
        var limit = current
        guard limit.rlim_cur < count else { return true }
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = max(limit.rlim_max, rlim_t(count))
        return setrlimit(resource, &limit) == 0
    }

    /// The message for a limit that is too low.
    static func lack(_ count: Int) -> String {
        "It needs \(count) open files on each side, and this system allows \(current.rlim_max): raise the hard limit (ulimit -Hn)."
    }

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    private static var current: rlimit {
        var limit = rlimit()
        getrlimit(resource, &limit)
        return limit
    }
}
