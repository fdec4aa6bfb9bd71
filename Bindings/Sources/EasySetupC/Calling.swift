import CEasySetup
import EasySetup
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs the body of a C function. Sets `*error` to NULL or to what the body throws, and returns the number of that error.
func call(
    _ error: UnsafeMutablePointer<OpaquePointer?>?,
    _ body: () throws -> Void
) -> easysetup_code {
    error?.pointee = nil
    do {
        try body()
        return easysetup_code(EASYSETUP_OK)
    } catch let failure {
        return fail(failure, telling: error)
    }
}

private func fail(_ failure: any Error, telling error: UnsafeMutablePointer<OpaquePointer?>?) -> easysetup_code {
    // Every error of the library explains itself.
    let explained = failure as? any ExplainedError & Explained ?? InterfaceError.badArgument("\(failure)")
    let view = ErrorView(explained)
    error?.pointee = Handles.give(view)
    return view.code
}

/// The argument if it is not NULL.
/// - Throws: ``InterfaceError/badArgument(_:)``.
func required<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw InterfaceError.badArgument(name) }
    return value
}

/// The object of a handle.
/// - Throws: ``InterfaceError/badArgument(_:)``.
func object<Object: AnyObject>(_ handle: OpaquePointer?, _ name: String) throws -> Object {
    try required(Handles.find(handle), name)
}

/// The text of a C string.
/// - Throws: ``InterfaceError/badArgument(_:)`` for NULL or a text that is no UTF-8.
func string(_ text: UnsafePointer<CChar>?, _ name: String) throws -> String {
    try required(String(validatingCString: required(text, name)), name)
}

/// The bytes of a buffer of the caller's.
/// - Throws: ``InterfaceError/badArgument(_:)`` for NULL, unless it has no bytes, and for a size that no buffer has.
func bytes(_ start: UnsafeRawPointer?, _ count: Int, _ name: String) throws -> UnsafeRawBufferPointer {
    guard count >= 0, start != nil || count == 0 else { throw InterfaceError.badArgument(name) }
    return UnsafeRawBufferPointer(start: start, count: count)
}

/// A locked copy of a buffer of the caller's.
func secret(_ start: UnsafeRawPointer?, _ count: Int, _ name: String) throws -> SecretBytes {
    SecretBytes(copying: RawSpan(_unsafeBytes: try bytes(start, count, name)))
}

/// Copies bytes into a buffer of the caller's.
/// - Throws: ``InterfaceError/bufferTooSmall(needed:)``, before it writes anything.
func copy(_ source: RawSpan, to buffer: UnsafeMutableRawPointer?, size: Int, zeroAtEnd: Bool = false) throws {
    let buffer = try required(buffer, "buffer")
    let needed = source.byteCount + (zeroAtEnd ? 1 : 0)
    guard size >= needed else { throw InterfaceError.bufferTooSmall(needed: needed) }
    source.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress { buffer.copyMemory(from: start, byteCount: bytes.count) }
    }
    if zeroAtEnd { buffer.storeBytes(of: 0, toByteOffset: source.byteCount, as: UInt8.self) }
}

/// Copies a text and a zero byte into a buffer of the caller's.
func copy(_ text: String, to buffer: UnsafeMutableRawPointer?, size: Int) throws {
    try copy(text.utf8Span.span.bytes, to: buffer, size: size, zeroAtEnd: true)
}

/// Whether a process has started threads of this library, so that a child without them can tell.
enum Threads {
    private static let owner = Atomic<Int32>(0)

    /// Whether this process was forked from one that has threads of the library, and so has none itself.
    static var areGone: Bool {
        let owner = owner.load(ordering: .sequentiallyConsistent)
        return owner != 0 && owner != getpid()
    }

    /// Notes that this process has threads of the library from now on.
    /// - Throws: ``InterfaceError/afterFork`` in a process that was forked from one with such threads.
    static func begin() throws {
        let this = getpid()
        let (_, other) = owner.compareExchange(expected: 0, desired: this, ordering: .sequentiallyConsistent)
        guard other == 0 || other == this else { throw InterfaceError.afterFork }
    }
}
