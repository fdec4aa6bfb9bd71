import CSodium

/// Secret bytes in protected memory: locked, excluded from core dumps, between guard pages, and wiped when released.
///
/// The type is noncopyable (``clone()`` makes an explicit copy), has no description, no encoding and no `==`
/// (``isEqual(to:)`` takes constant time). A value costs four memory mappings and some 25 µs to make and free, so it is
/// for the few keys of a device and never for a server's state per connection.
@safe public struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Sendable is safe, because only this one owner reaches the memory, and Swift enforces exclusive access to the
    // owner.
    private let pointer: UnsafeMutableRawPointer

    /// The number of bytes.
    public let count: Int

    /// Makes zero bytes, to be filled with ``withUnsafeMutableBytes(_:)``.
    public init(zeros count: Int) {
        Sodium.start()
        // Nil means that the system is out of memory or of mappings. The process stops, because unlocked memory would
        // break the type's promise.
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

    /// Makes a locked copy of an array's bytes, and wipes the array unless its storage is shared.
    public init(wiping bytes: inout [UInt8]) {
        self.init(zeros: bytes.count)
        unsafe bytes.withUnsafeMutableBytes { source in
            unsafe self.withUnsafeMutableBytes { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(source)) }
            if let base = source.baseAddress { unsafe sodium_memzero(base, source.count) }
        }
        bytes.removeAll()
    }

    /// Makes random bytes from the operating system.
    public static func random(count: Int) -> SecretBytes {
        let secret = SecretBytes(zeros: count)
        // The address is never nil, because `init(zeros:)` allocates at least one byte.
        unsafe secret.withUnsafeMutableBytes { unsafe randombytes_buf($0.baseAddress!, $0.count) }
        return secret
    }

    deinit {
        unsafe sodium_free(pointer)  // wipes first
    }

    /// The bytes, which can be read while the secret is borrowed.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe RawSpan(_unsafeStart: pointer, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Passes the bytes to a closure, for owners whose secret can't be borrowed as ``bytes``, such as classes.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// Makes a second secret with the same bytes, for a second owner.
    public borrowing func clone() -> SecretBytes {
        SecretBytes(copying: bytes)
    }

    /// Whether both have the same bytes; the time depends only on the lengths.
    public borrowing func isEqual(to other: borrowing SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return unsafe sodium_memcmp(pointer, other.pointer, count) == 0
    }

    /// Whether the bytes equal those of a span; the time depends only on the lengths.
    public borrowing func isEqual(to other: borrowing RawSpan) -> Bool {
        guard count == other.byteCount else { return false }
        let pointer = unsafe self.pointer
        return unsafe other.withUnsafeBytes { unsafe sodium_memcmp(pointer, $0.baseAddress, $0.count) == 0 }
    }

    /// Passes a pointer to a C function that reads the secret. The pointer must not be kept.
    package borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// Passes a byte pointer to a C function that reads the secret. The pointer must not be kept.
    package borrowing func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)))
    }

    /// Passes a byte pointer to a C function that writes the secret. The pointer must not be kept.
    package borrowing func withMutablePointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer.assumingMemoryBound(to: UInt8.self))
    }

    /// Passes a pointer to a C function that writes the secret. The pointer must not be kept.
    package borrowing func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeMutableRawBufferPointer(start: pointer, count: count))
    }
}

/// The initialisation of libsodium, which must come before any other call; every public function makes sure of it.
package enum Sodium {
    private static let ready: Bool = {
        precondition(sodium_init() >= 0, "libsodium could not start: no source of randomness")
        return true
    }()

    /// Initialises the library once; later calls cost one check.
    package static func start() {
        _ = ready
    }

    /// Overwrites an array's bytes before it is released. Other copies of the array keep theirs.
    package static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe sodium_memzero(base, buffer.count) }
        }
        bytes.removeAll()
    }
}
