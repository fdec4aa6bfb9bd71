import CSodium

/// Bytes that must not leak: locked in memory, left out of core dumps, between guard pages, wiped when they go.
///
/// It cannot be copied by accident (``clone()`` says so when it is meant), has no description, no encoding and no `==`
/// (``isEqual(to:)`` takes the same time whatever the bytes are). One costs four memory mappings and some 25 µs to make
/// and free, so it is for the few keys of a device and never for what a server holds per connection.
@safe public struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Safe to send: the memory is reached through this one owner alone, and Swift's exclusivity covers the owner.
    private let pointer: UnsafeMutableRawPointer

    /// How many bytes there are.
    public let count: Int

    /// Zero bytes, to be filled with ``withUnsafeMutableBytes(_:)``.
    public init(zeros count: Int) {
        Sodium.start()
        // A null answer means that the system is out of memory or of mappings: nothing sensible is left to do, and going
        // on with unlocked memory would break the type's promise.
        guard let pointer = unsafe sodium_malloc(max(count, 1)) else {
            preconditionFailure("no locked memory left for a secret")
        }
        unsafe sodium_memzero(pointer, max(count, 1))
        unsafe self.pointer = unsafe pointer
        self.count = count
    }

    /// A locked copy of bytes that are already somewhere else; wiping those is the caller's part.
    public init(copying bytes: borrowing RawSpan) {
        self.init(zeros: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            unsafe self.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
    }

    /// A locked copy of an array's bytes; the array is wiped, as far as nobody else shares its storage.
    public init(wiping bytes: inout [UInt8]) {
        self.init(zeros: bytes.count)
        unsafe bytes.withUnsafeMutableBytes { source in
            unsafe self.withUnsafeMutableBytes { unsafe $0.copyMemory(from: UnsafeRawBufferPointer(source)) }
            if let base = source.baseAddress { unsafe sodium_memzero(base, source.count) }
        }
        bytes.removeAll()
    }

    /// Random bytes from the operating system.
    public static func random(count: Int) -> SecretBytes {
        let secret = SecretBytes(zeros: count)
        // The address is never nil: `init(zeros:)` sees to that.
        unsafe secret.withUnsafeMutableBytes { unsafe randombytes_buf($0.baseAddress!, $0.count) }
        return secret
    }

    deinit {
        unsafe sodium_free(pointer)  // wipes first
    }

    /// The bytes, to be read while the secret is borrowed.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get {
            let span = unsafe RawSpan(_unsafeStart: pointer, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Hands the bytes to a closure, for owners whose secret can't be borrowed as ``bytes``, such as classes.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// A second secret with the same bytes, where two owners are really meant.
    public borrowing func clone() -> SecretBytes {
        SecretBytes(copying: bytes)
    }

    /// Whether both hold the same bytes; the time depends on the lengths alone.
    public borrowing func isEqual(to other: borrowing SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return unsafe sodium_memcmp(pointer, other.pointer, count) == 0
    }

    /// Whether the bytes equal those of a span; the time depends on the lengths alone.
    public borrowing func isEqual(to other: borrowing RawSpan) -> Bool {
        guard count == other.byteCount else { return false }
        let pointer = unsafe self.pointer
        return unsafe other.withUnsafeBytes { unsafe sodium_memcmp(pointer, $0.baseAddress, $0.count) == 0 }
    }

    /// For C functions that read the secret. Nothing may keep the pointer.
    package borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// For C functions that read the secret as bytes. Nothing may keep the pointer.
    package borrowing func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafePointer(pointer.assumingMemoryBound(to: UInt8.self)))
    }

    /// For C functions that write the secret as bytes. Nothing may keep the pointer.
    package borrowing func withMutablePointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer.assumingMemoryBound(to: UInt8.self))
    }

    /// For C functions that write the secret. Nothing may keep the pointer.
    package borrowing func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeMutableRawBufferPointer(start: pointer, count: count))
    }
}

/// libsodium wants one call before any other; every entry point of ours goes through here.
package enum Sodium {
    private static let ready: Bool = {
        precondition(sodium_init() >= 0, "libsodium could not start: no source of randomness")
        return true
    }()

    /// Starts the library once; later calls cost a check.
    package static func start() {
        _ = ready
    }

    /// Overwrites an array's bytes before it goes. Only what this array's own storage holds is reached.
    package static func wipe(_ bytes: inout [UInt8]) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe sodium_memzero(base, buffer.count) }
        }
        bytes.removeAll()
    }
}
