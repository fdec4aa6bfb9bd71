import ArgumentParser
import FoundationEssentials

/// `easysetup generate-manual`: writes the manual pages, for packages. `--help` does not list it.
struct ManualCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-manual",
        abstract: "Write the manual pages into a folder.",
        shouldDisplay: false
    )

    @Argument(help: "The folder, which must be there.")
    var folder: PathArgument

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.run { output in
            guard let root = Invocation.current?.arguments.root else { throw CommandError.internal }
            for page in try ManualPage.all(of: root) {
                let name = "\(page.name).1"
                let file = URL(filePath: String(decoding: folder.bytes, as: UTF8.self)).appending(path: name)
                do { try Data(page.text.utf8).write(to: file) } catch { throw CommandError.outputFailed }
                output.event("written", [("page", .string(page.name))], people: name)
            }
        }
    }
}
