import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many files and sockets this process may have open.
enum OpenFiles {
    /// What the process needs besides connections: the listener, logs, files while they are read.
    private static let reserve = 64

    /// Raises the soft limit to the hard one, and says how many connections there is room for then.
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
