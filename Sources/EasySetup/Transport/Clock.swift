#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's wall clock, for the validity of certificates and for HTTP dates.
enum Clock {
    /// The present time in seconds since 1970.
    static var seconds: Int { time(nil) }
}
