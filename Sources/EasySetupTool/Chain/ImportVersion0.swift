import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `easysetup chain import-v0`: shows the records of the journal's version 0 from a listing of its store.
struct ImportVersion0: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-v0",
        abstract: "Shows the records of version 0 from a listing of its store, and stores nothing.",
        discussion: """
            A listing has the name of an object on each line, as the store has it. Their order does not matter, nor do \
            repetitions and other lines. The seed comes from standard input in any written form; with --store and nothing on \
            standard input, it is the stored one.
            """
    )

    @Argument(help: "The file with the listing; - is standard input, and the seed is then the stored one.")
    var listing: PathArgument

    @Option(help: ArgumentHelp("The folder of a stored seed, for when none comes in.", valueName: "dir"))
    var store: PathArgument?

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var screen: ScreenOptions

    private var isStandardInput: Bool { listing.bytes == [UInt8(ascii: "-")] }

    func validate() throws {
        guard !isStandardInput || store != nil else {
            throw ValidationError(
                "Standard input can't be both the listing and the seed: name the seed's folder by --store."
            )
        }
    }

    func run() async throws {
        try await common.run { output in
            // The file is opened before a person types 24 words, so that they are not typed in vain.
            let file = isStandardInput ? STDIN_FILENO : open(listing.cString, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw CommandError.listingFailed }
            defer { if !isStandardInput { close(file) } }
            let seed = try await seed(output)
            var records = Version0Listing(of: seed.userID)
            try Self.read(file, into: &records)
            var report = Version0Report()
            records.forEach(key: seed.secretboxKey()) { report.write($0, output) }
            report.sum(up: records, output)
            if report.isIncomplete(records) { throw ExitCode(ExitCodes.damagedListing) }
        }
    }

    private func seed(_ output: Output) async throws -> SyncSeed {
        if let store {
            if !isStandardInput, !Input.isTerminal, let seed = try WrittenSeed.readIfAny() { return seed }
            let seed = try await passphrase.open(store, output).seed()
            return seed
        }
        return try WrittenSeed.read(isPlain: screen.isPlain)
    }

    private static func read(_ file: CInt, into listing: inout Version0Listing) throws(CommandError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        do throws(Version0Listing.TooLarge) {
            while true {
                let count = systemRead(file, &buffer, buffer.count)
                if count > 0 {
                    try listing.append(buffer.span.extracting(0..<count))
                } else if count == 0 {
                    return try listing.endLine()
                } else if errno != EINTR {
                    break
                }
            }
        } catch {
            throw .listingTooLarge
        }
        throw .listingFailed
    }
}

/// Calls the system's `read`, because in a type that has a method `read`, that name means the method.
private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(file, buffer, count)
}
