import ArgumentParser
import EasySetupRelayProtocol

/// The version of this program.
enum Version {
    /// The program's version, which is the release's.
    static var program: String { Release.version }

    /// The version of the protocol between devices and relays.
    static let protocolName = Subprotocol.name

    /// Both versions, for `--version`.
    static let text = "easysetup \(program), protocol \(protocolName)"
}

/// `easysetup version`: the same text as `--version`, and also as JSON.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Tell the program's version and the protocol's."
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.run { output in
            output.event(
                "version",
                [("version", .string(Version.program)), ("protocol", .string(Version.protocolName))],
                people: Version.text
            )
        }
    }
}
