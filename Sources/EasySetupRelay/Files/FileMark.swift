#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A mark by which it is seen that a file has been written or replaced since. A symbolic link has the mark of its target.
struct FileMark: Hashable, Sendable {
    private let file: UInt64
    private let device: UInt64
    private let size: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// The mark of a file; nil if there is none.
    init?(_ path: PathBytes) {
        var status = stat()
        guard stat(path.cString, &status) == 0 else { return nil }
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        (file, device) = (UInt64(status.st_ino), UInt64(truncatingIfNeeded: status.st_dev))
        (size, seconds, nanoseconds) = (Int64(status.st_size), Int64(time.tv_sec), Int64(time.tv_nsec))
    }
}
