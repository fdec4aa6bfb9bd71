#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The memory that this process can have at most: that of the machine, or less where a control group (a unit's
/// `MemoryMax=`, a container's limit) has a limit.
enum MachineMemory {
    /// The bytes; nil if the system does not tell.
    static func bytes() -> Int? {
        let pages = sysconf(CInt(_SC_PHYS_PAGES))
        let machine = pages > 0 ? [pages * sysconf(CInt(_SC_PAGESIZE))] : []
        let groups = text(of: "/proc/self/cgroup") ?? ""
        return (machine + limits(ofGroups: groups) { text(of: $0) }).min()
    }

    /// The limits of the process's control group (cgroups(7), version 2) and of those around it.
    /// - Parameters:
    ///   - groups: the content of `/proc/self/cgroup`.
    ///   - read: the content of a file, nil if there is none.
    static func limits(ofGroups groups: String, read: (String) -> String?) -> [Int] {
        guard let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return [] }
        var folders = line.dropFirst(4).split(separator: "/")
        var limits: [Int] = []
        while true {
            let path = (["/sys/fs/cgroup"] + folders.map(String.init) + ["memory.max"]).joined(separator: "/")
            // A group without a limit says "max".
            if let limit = read(path).flatMap({ Int($0.split(separator: "\n").first ?? "") }) { limits.append(limit) }
            guard folders.popLast() != nil else { return limits }
        }
    }

    private static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
