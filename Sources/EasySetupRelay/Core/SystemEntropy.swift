#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The system's random numbers. On Linux each request for some is a system call, and a pairing needs five of them, so
/// this generator requests many at once. A copy returns the same numbers as the original, so a relay has only one.
struct SystemEntropy: RandomNumberGenerator, Sendable {
    private var numbers: [UInt64] = []
    private var system = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 {
        if numbers.isEmpty { numbers = Self.request() }
        return numbers.popLast() ?? system.next()
    }

    /// The numbers that one system call returns: 256 bytes, which is the most that the system allows. None on systems
    /// where the generator of Swift's library makes no system call.
    private static func request() -> [UInt64] {
        #if canImport(Glibc) || canImport(Musl)
        return [UInt64](unsafeUninitializedCapacity: 32) { memory, count in
            let bytes = UnsafeMutableRawBufferPointer(memory)
            count = getentropy(bytes.baseAddress, bytes.count) == 0 ? memory.count : 0
        }
        #else
        return []
        #endif
    }
}
