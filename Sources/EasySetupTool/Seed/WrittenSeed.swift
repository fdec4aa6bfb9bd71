import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A seed in any written form on standard input.
enum WrittenSeed {
    /// Reads a seed from standard input up to its end; asks for it on a terminal.
    /// - Parameter isPlain: whether no line on the terminal is rewritten.
    static func read(isPlain: Bool = false) throws -> SyncSeed {
        if Input.isTerminal {
            var prompt = SeedPrompt(try HiddenTerminal(isPlain: isPlain))
            return try prompt.ask()
        }
        return try SyncSeed.read(written: Input.readAll(STDIN_FILENO, limit: SyncSeed.maximumWrittenBytes))
    }

    /// Reads a seed from standard input without asking a question; nil if the input is empty.
    static func readIfAny() throws -> SyncSeed? {
        let text = try Input.readAll(STDIN_FILENO, limit: SyncSeed.maximumWrittenBytes)
        if text.byteCount == 0 { return nil }
        return try SyncSeed.read(written: text)
    }
}
