import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension RelayError.ListenProblem {
    /// Converts an error that SwiftNIO threw when it bound a socket into the reason why the relay can't listen.
    init(_ error: any Error) {
        guard let error = error as? IOError else {
            self = error is SocketAddressError.UnknownHost ? .unknownHost : .other
            return
        }
        self.init(number: error.errnoCode)
    }

    /// Converts an error number of the system.
    init(number: CInt) {
        self =
            switch number {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotAvailable
            case EACCES, EPERM: .notPermitted
            case EAFNOSUPPORT: .noSuchFamily
            default: .system(number)
            }
    }
}
