import ArgumentParser
import EasySetup
import EasySetupChain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `easysetup chain put`: writes a value that comes from standard input.
struct ChainPut: AsyncParsableCommand, ChecksSettings {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Writes a value from standard input.",
        discussion: """
              easysetup chain put notes/1 < note.txt

            The object's other attributes stay as they are. All bytes of the input are the value, of about 41,000 bytes at most.
            """
    )

    @Argument(help: "The object as COLLECTION/OBJECT.")
    var object: String

    @OptionGroup var attribute: AttributeOption
    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func checkSettings() throws { try options.check() }

    func run() async throws {
        try await common.run { output in
            let path = try ObjectPath(object)
            let name = try attribute.checked
            // The place is looked at before a person types a value, so that it is not typed in vain.
            _ = try options.place.place()
            let holder = try await options.holder(output)
            try holder.checkWriting(to: path.collection)
            // Nothing was sent before the value is whole.
            output.onStop(.reading)
            if Input.isTerminal {
                // A service may refuse the device, or not answer. What it gives is kept for the call that writes.
                let files = PrivateFiles(path: try options.store.folder.bytes)
                _ = try await ChainConnection.open(options.place, holder, files, output)
                output.onStop(.reading)
            }
            let value = try Self.value(output)
            let session = try await ChainSession.open(options, .writing, holder: holder, output)
            do throws(ChainError) {
                try await session.chain.update(path.object, in: path.collection, [name: value])
            } catch {
                guard error.code == .objectMissing else { throw error }
                try await session.chain.put(path.object, in: path.collection, [name: value])
            }
            output.onStop(nil)
            output.event(
                "put",
                path.members + [("attribute", .string(name)), ("bytes", .integer(value.count))],
                people: "\(path.shown) is written: \(value.count.counted("byte"))."
            )
        }
    }

    /// Reads the value to the end of standard input.
    private static func value(_ output: Output) throws -> [UInt8] {
        if Input.isTerminal {
            output.prompt("Type the value, and then Control-D on a line of its own. Control-C stops.\n")
        }
        var value: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count == 0 { return value }
            if count < 0 {
                guard errno == EINTR else { throw CommandError.inputFailed }
                continue
            }
            value += buffer[..<count]
            guard value.count <= RecordLimits.valueBytes else { throw ChainUsage.valueTooLarge }
        }
    }
}
