import SyncSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A seed in any written form on standard input.
enum WrittenSeed {
    /// Reads standard input to its end; on a terminal, asks and reads lines that are not shown.
    static func read(_ output: Output) throws -> SyncSeed {
        if Input.isTerminal { return try ask(output) }
        return try SyncSeed.read(written: Input.readAll(STDIN_FILENO, limit: SyncSeed.maximumWrittenBytes))
    }

    /// The same for what may be empty, and never asks: nil if nothing is there.
    static func readIfAny() throws -> SyncSeed? {
        let text = try Input.readAll(STDIN_FILENO, limit: SyncSeed.maximumWrittenBytes)
        if text.count == 0 { return nil }
        return try SyncSeed.read(written: text)
    }

    /// Lines until they are a seed, or until an empty one: a phrase may be typed in several.
    private static func ask(_ output: Output) throws -> SyncSeed {
        let terminal = try HiddenTerminal()
        output.prompt("Type or paste the seed (it is not shown), then press Enter; an empty line ends it.\n")
        var text = SecretBytes(zeros: 0)
        while true {
            let line = try terminal.readLine(limit: SyncSeed.maximumWrittenBytes)
            guard let line, line.count > 0 else { return try SyncSeed.read(written: text) }
            text = joined(text, line)
            switch attempt(text) {
            case .success(let seed): return seed
            case .failure(.phraseWordCount(let count)) where count < 24: output.prompt("\(count) of 24 words.\n")
            case .failure(let error): throw error
            }
        }
    }

    private static func attempt(_ text: borrowing SecretBytes) -> Result<SyncSeed, SeedError> {
        do throws(SeedError) { return .success(try SyncSeed.read(written: text)) } catch { return .failure(error) }
    }

    private static func joined(_ one: borrowing SecretBytes, _ two: borrowing SecretBytes) -> SecretBytes {
        let whole = SecretBytes(zeros: one.count + 1 + two.count)
        let secondStart = one.count + 1
        whole.withUnsafeMutableBytes { out in
            one.withUnsafeBytes { out.copyMemory(from: $0) }
            out[secondStart - 1] = UInt8(ascii: "\n")
            two.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: out[secondStart...]).copyMemory(from: $0) }
        }
        return whole
    }
}
