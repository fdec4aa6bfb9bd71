import ArgumentParser
import EasySetupRelayProtocol

/// Which program this is.
enum Version {
    /// The program's version, which is the release's.
    static var program: String { Release.version }

    /// The version of the protocol that it speaks with relays.
    static let protocolName = Subprotocol.name

    /// Both, as `--version` tells them.
    static let text = "easysetup \(program), protocol \(protocolName)"
}

/// `easysetup version`: the same as `--version`, and as JSON too.
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
