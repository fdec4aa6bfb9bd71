#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's figures of this process. A field is nil where the system does not give it.
package struct ProcessStatus: Sendable {
    package var residentBytes: Int?
    package var virtualBytes: Int?
    package var cpuSeconds: Double?
    package var openFiles: Int?
    /// The most files that the process may have open.
    package var mostFiles: Int?
    /// When the process was started, in seconds since 1970 UTC.
    package var started: Double?

    /// Asks the system. It takes longer the more files are open, some milliseconds for 10,000.
    package static func now() -> ProcessStatus {
        var status = ProcessStatus()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        if getrlimit(resource, &limit) == 0 { status.mostFiles = Int(clamping: limit.rlim_cur) }
        #if os(Linux)
        status.readProcess()
        status.openFiles = countEntries("/proc/self/fd")
        #endif
        return status
    }

    #if os(Linux)
    private mutating func readProcess() {
        guard let text = content("/proc/self/stat"), let name = text.lastIndex(of: UInt8(ascii: ")")) else { return }
        // The fields after the program's name, of which the first is field 3 of proc(5).
        let fields = text[(name + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        let field = { (number: Int) in fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
        if let user = field(14), let system = field(15) { cpuSeconds = Double(user + system) / ticks }
        virtualBytes = field(23)
        residentBytes = field(24).map { $0 * Int(sysconf(CInt(_SC_PAGESIZE))) }
        if let start = field(22), let boot = Self.bootTime { started = Double(boot) + Double(start) / ticks }
    }

    /// When the machine was started, in seconds since 1970 UTC.
    private static let bootTime: Int? = {
        let lines = content("/proc/stat")?.split(separator: UInt8(ascii: "\n")) ?? []
        let label = "btime ".utf8
        return lines.first { $0.starts(with: label) }
            .flatMap { Int(String(decoding: $0.dropFirst(label.count), as: UTF8.self)) }
    }()
    #endif
}

#if os(Linux)
private func content(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var (all, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while true {
        let count = read(file, &chunk, chunk.count)
        guard count > 0 else { return count == 0 ? all : nil }
        all += chunk[..<count]
    }
}

/// The number of entries of a folder of open files, without the one for the folder itself.
private func countEntries(_ path: String) -> Int? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // The folder itself, `.` and `..` are none.
    return max(0, count - 3)
}
#endif
