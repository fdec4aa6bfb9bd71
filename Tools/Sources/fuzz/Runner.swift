#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `fuzz --target=NAME [options, files and folders for libFuzzer]`, and `fuzz --list`. Built and run by scripts/fuzz.
///
/// The target is an option with two dashes, because libFuzzer ignores such options and passes them on when it starts
/// itself again.
@main enum Runner {
    /// The target of this run. It is a global variable, because libFuzzer passes only the input to its function.
    nonisolated(unsafe) private static var target: FuzzTarget?

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.contains("--list") {
            for target in FuzzTarget.all { print(target.name) }
            return
        }
        guard let option = arguments.first(where: { $0.hasPrefix(prefix) }),
            let target = FuzzTarget.named(String(option.dropFirst(prefix.count)))
        else {
            print("usage: fuzz --list | fuzz --target=NAME [libFuzzer's options, files, folders]")
            exit(64)
        }
        self.target = target
        var list = CommandLine.unsafeArgv
        var count = CommandLine.argc
        var extended: [UnsafeMutablePointer<CChar>?] = (0..<Int(count)).map { list[$0] }
        if !arguments.contains(where: { $0.hasPrefix("-max_len=") }) {
            extended.append(strdup("-max_len=\(target.maximumBytes)"))
            count += 1
        }
        let copy = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: extended.count + 1)
        copy.initialize(from: extended + [nil], count: extended.count + 1)
        list = copy
        exit(runDriver(&count, &list, runOne))
    }

    private static let prefix = "--target="

    fileprivate static func run(_ input: [UInt8]) {
        do throws(BrokenRule) {
            try target?.body(input)
        } catch {
            fatalError("\(error)")
        }
    }
}

/// Runs one input. The name is that which libFuzzer's own `main` calls; that `main` is linked, but not used.
@c(LLVMFuzzerTestOneInput)
public func runOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Runner.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_extern(c, "LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
