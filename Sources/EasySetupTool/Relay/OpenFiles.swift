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
    /// The fewest connections with which a relay starts: room for a few pairings, for health checks, and for devices
    /// that are about to be refused. With fewer, one stranger's idle connections keep everybody out.
    static let leastConnections = 32
    /// The fewest connections that a relay for more than a few people needs. With fewer, the relay warns.
    static let usualConnections = 512
    /// The number of files that a process needs in any case: standard files, the runtime's, logs, and files that it
    /// reads.
    private static let base = 16
    /// The number of files that an event loop needs: epoll, an event, a timer.
    private static let perLoop = 3
    /// The number of files that the admin port needs: its two sockets at most, and its connections.
    private static let forAdmin = 18

    /// The number of files that a relay needs besides its connections.
    /// - Parameters:
    ///   - cores: the number of event loops for devices. SwiftNIO has one more for itself.
    ///   - listening: the number of `--listen` options. One option may stand for two sockets.
    ///   - hasAdmin: whether there is an admin port.
    static func reserve(cores: Int, listening: Int, hasAdmin: Bool) -> Int {
        base + perLoop * (cores + 1) + 2 * listening + (hasAdmin ? forAdmin : 0)
    }

    /// Raises the soft limit of open files for this process to the hard limit. Returns the limit that is then in force;
    /// nil if the system does not tell it.
    static func raiseLimit() -> Int? {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }
}
