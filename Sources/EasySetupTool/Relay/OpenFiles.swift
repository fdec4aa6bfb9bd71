import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's limit of open files and sockets for this process.
enum OpenFiles {
    /// The number of files that the process needs besides connections: listening sockets, logs, and files that it
    /// reads.
    private static let reserve = 64

    /// Raises the soft limit to the hard limit. Returns the number of connections for which there is then room.
    static func roomForConnections() -> Int {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0 else { return .max }
        return max(1, Int(clamping: limit.rlim_cur) - reserve)
    }
}
