import ArgumentParser
import EasySetupRelay

/// Options with the operator's message for devices (`Protocol/operating.md`, "A message for devices").
struct MessageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A sentence for the people at devices, as that the relay will be away; devices show it as the relay's words.",
            discussion: """
                One line of at most \(RelayMessage.maximumScalarCount) characters, without quotation marks and links. An empty \
                text is none.
                """,
            valueName: "text"
        ),
        transform: Text.init(argument:)
    )
    var message: Text?

    @Option(
        help: ArgumentHelp("A file with such a sentence, read anew at SIGHUP; an empty one is none.", valueName: "file")
    )
    var messageFile: PathArgument?

    /// The text of `--message`; nil in it is no message, so that an option can take back what a file says.
    struct Text {
        let message: RelayMessage?

        /// - Throws: `ValidationError` with the rule that the text breaks.
        init(argument: String) throws {
            guard !argument.allSatisfy(\.isWhitespace) else {
                message = nil
                return
            }
            do throws(RelayMessageError) {
                message = try RelayMessage(argument)
            } catch {
                throw ValidationError("The text of --message cannot be used: it \(error).")
            }
        }
    }

    func validate() throws {
        guard message == nil || messageFile == nil else {
            throw ValidationError("--message and --message-file exclude each other.")
        }
    }

    func apply(to configuration: inout RelayConfiguration) {
        configuration.message = message?.message
        configuration.messageFile = messageFile.map { PathBytes(bytes: $0.bytes) }
    }
}
