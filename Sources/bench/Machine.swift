import Glibc

/// What a run was made on.
enum Machine {
    static var cores: Int { Int(sysconf(Int32(_SC_NPROCESSORS_CONF))) }

    /// Bytes; all there could be when the system doesn't say.
    static var availableMemory: Int {
        file("/proc/meminfo").flatMap { kilobytes("MemAvailable:", in: $0) }.map { $0 * 1024 } ?? .max
    }

    /// Seconds of CPU that all processes have used since the machine's start, and that its host kept from it.
    static var busySeconds: Double {
        guard let line = file("/proc/stat")?.split(separator: "\n").first else { return 0 }
        // user, nice, system, idle, waiting, interrupts, soft interrupts, stolen; two more are parts of these.
        let ticks = line.split(separator: " ").dropFirst().prefix(8).map { Double($0) ?? 0 }
        guard ticks.count == 8 else { return 0 }
        return (ticks.reduce(0, +) - ticks[3] - ticks[4]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// One line: processor, cores, memory, system.
    static var description: String {
        let processor = file("/proc/cpuinfo").flatMap { value("model name", in: $0) } ?? "unknown processor"
        let memory = file("/proc/meminfo").flatMap { kilobytes("MemTotal:", in: $0) } ?? 0
        let kernel = file("/proc/sys/kernel/osrelease")?.split(separator: "\n").first ?? ""
        return "\(processor), \(cores) cores, \((memory + 512 * 1024) >> 20) GiB, Linux \(kernel)"
    }

    /// The number behind a key, as `/proc` writes them.
    static func kilobytes(_ key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    /// All of a small file; nil when it can't be read.
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

/// How many files this process, and those it starts, may have open.
enum OpenFiles {
    /// Besides the sockets that are counted: pairings beside a crowd, second sockets of devices that come, what a program needs.
    static let spare = 1_024

    /// Sees to it that there may be so many, if the system lets it.
    static func allow(_ count: Int) -> Bool {
        var limit = current
        guard limit.rlim_cur < count else { return true }
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = max(limit.rlim_max, rlim_t(count))
        return setrlimit(resource, &limit) == 0
    }

    /// What to say where there may not.
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
