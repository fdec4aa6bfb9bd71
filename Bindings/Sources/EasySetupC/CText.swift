#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A text for C code: UTF-8 with a zero byte at its end, at an address that stays the same. The memory is wiped when the
/// text is released, because some texts are codes or links.
final class CText: @unchecked Sendable {
    // `@unchecked Sendable` is safe, because nothing writes the memory after `init`.
    private let memory: UnsafeMutableBufferPointer<CChar>

    /// Makes a text. A zero byte in it ends the text for C code.
    init(_ text: String) {
        memory = .allocate(capacity: text.utf8.count + 1)
        _ = memory.initialize(from: text.utf8.map(CChar.init(bitPattern:)) + [0])
    }

    deinit {
        #if canImport(Darwin)
        memset_s(memory.baseAddress!, memory.count, 0, memory.count)
        #else
        explicit_bzero(memory.baseAddress!, memory.count)
        #endif
        memory.deallocate()
    }

    /// The text's first byte. The pointer is valid as long as this object.
    var pointer: UnsafePointer<CChar> { UnsafePointer(memory.baseAddress!) }
}
