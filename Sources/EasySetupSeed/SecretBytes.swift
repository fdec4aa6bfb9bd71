import CSodium

/// Secret bytes in protected memory: locked, excluded from core dumps, between guard pages, and wiped when released.
///
/// The type is noncopyable (``clone()`` makes an explicit copy), has no description, no encoding and no `==`
/// (``isEqual(to:)-(SecretBytes)`` takes constant time). A value costs four memory mappings and some 25 µs to make and
/// free, so it is for the few keys of a device and never for a server's state per connection.
@safe public struct SecretBytes: ~Copyable, @unchecked Sendable {
    // `@unchecked Sendable` is safe, because the memory has one owner, and code writes it only before other code can
    // see that owner, or in a mutating function of the type that contains it.
    private let pointer: UnsafeMutableRawPointer

    /// The number of bytes in this secret.
    public let count: Int

    /// Makes a secret of `count` zero bytes, which the caller fills.
    public init(zeros count: Int) {
        Sodium.start()
        // `sodium_malloc` returns nil if the system has no more memory or mappings. The process then stops, because
        // the type promises locked memory.
        guard let pointer = unsafe sodium_malloc(max(count, 1)) else {
            preconditionFailure("no locked memory left for a secret")
        }
        unsafe sodium_memzero(pointer, max(count, 1))
        unsafe self.pointer = unsafe pointer
        self.count = count
    }

    /// Makes a locked copy of existing bytes; the caller wipes the original.
    public init(copying bytes: borrowing RawSpan) {
        self.init(zeros: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            unsafe self.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
    }

    /// Makes a locked copy of an array's bytes, and wipes the array. A copy of the array that shares its storage keeps
    /// the bytes.
    public init(wiping bytes: inout [UInt8]) {
        self.init(zeros: bytes.count)
        unsafe bytes.withUnsafeMutableBytes { source in
            unsafe self.withUnsafeMutableBytes { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(source)) }
            if let base = source.baseAddress { unsafe sodium_memzero(base, source.count) }
        }
        bytes.removeAll()
    }

    /// Makes a secret of random bytes from the operating system.
    public static func random(count: Int) -> SecretBytes {
        let secret = SecretBytes(zeros: count)
        // The address is never nil, because `init(zeros:)` allocates at least one byte.
        unsafe secret.withUnsafeMutableBytes { unsafe randombytes_buf($0.baseAddress!, $0.count) }
        return secret
    }

    deinit {
        unsafe sodium_free(pointer)  // wipes first
    }

    /// The secret's bytes. The span is valid as long as the secret is borrowed.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe RawSpan(_unsafeStart: pointer, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Passes the bytes to a closure. This function serves classes, because code can't borrow ``bytes`` from a property
    /// of a class.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// Makes a second secret with the same bytes, for a second owner.
    public borrowing func clone() -> SecretBytes {
        SecretBytes(copying: bytes)
    }

    /// Whether both secrets have the same bytes. The time of the comparison depends only on the lengths.
    public borrowing func isEqual(to other: borrowing SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return unsafe sodium_memcmp(pointer, other.pointer, count) == 0
    }

    /// Whether the bytes equal those of a span. The time of the comparison depends only on the lengths.
    public borrowing func isEqual(to other: borrowing RawSpan) -> Bool {
        guard count == other.byteCount else { return false }
        let pointer = unsafe self.pointer
        return unsafe other.withUnsafeBytes { unsafe sodium_memcmp(pointer, $0.baseAddress, $0.count) == 0 }
    }

    /// Passes a pointer to a closure, so that the closure can call a C function that reads the secret. The closure must
    /// not keep the pointer.
    package borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// Passes a byte pointer to a closure, so that the closure can call a C function that reads the secret. The closure
    /// must not keep the pointer.
    package borrowing func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)))
    }

    /// Passes a byte pointer to a closure, so that the closure can call a C function that writes the secret. The
    /// closure must not keep the pointer.
    package borrowing func withMutablePointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer.assumingMemoryBound(to: UInt8.self))
    }

    /// Passes a pointer to a closure, so that the closure can call a C function that writes the secret. The closure
    /// must not keep the pointer.
    package borrowing func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeMutableRawBufferPointer(start: pointer, count: count))
    }
}

/// The initialisation of libsodium, which must precede all other calls of it. Every new ``SecretBytes`` calls
/// ``start()``. Functions that use libsodium without a secret call ``start()`` themselves.
package enum Sodium {
    private static let ready: Bool = {
        precondition(sodium_init() >= 0, "libsodium could not start: no source of randomness")
        return true
    }()

    /// Initialises libsodium at the first call. Each later call costs only a check.
    package static func start() {
        _ = ready
    }

    /// Whether both arrays have the same bytes. The time of the comparison depends only on the lengths.
    package static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        return unsafe sodium_memcmp(one, other, one.count) == 0
    }

    /// Overwrites a buffer with zeros.
    package static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        if let base = buffer.baseAddress { unsafe sodium_memzero(base, buffer.count) }
    }

    /// Overwrites an array's bytes with zeros, and empties the array. A copy of the array that shares its storage keeps
    /// the bytes.
    package static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe sodium_memzero(base, buffer.count) }
        }
        bytes.removeAll()
    }
}
