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
        if let error = error as? IOError {
            self.init(number: error.errnoCode)
        } else {
            self = error is SocketAddressError.UnknownHost ? .unknownHost : .other
        }
    }

    /// Why a file cannot be read; nil when it can.
    init?(reading path: String) {
        guard access(path, R_OK) != 0 else { return nil }
        self.init(number: errno)
    }

    private init(number: Int32) {
        self =
            switch number {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotAvailable
            case EACCES, EPERM: .notPermitted
            case ENOENT: .notFound
            default: .system(number)
            }
    }
}
