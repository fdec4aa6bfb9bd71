import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension RelayError.Cause {
    /// What the network's error says.
    init(_ error: any Error) {
        if error is SocketAddressError.UnknownHost {
            self = .unknownHost
        } else {
            self = Self(system: error) ?? .other
        }
    }

    /// Nil when it is no error of the system's.
    init?(system error: any Error) {
        guard let error = error as? IOError else { return nil }
        self =
            switch error.errnoCode {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotAvailable
            case EACCES, EPERM: .notPermitted
            case ENOENT: .notFound
            default: .system(error.errnoCode)
            }
    }
}
