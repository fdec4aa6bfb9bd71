import ArgumentParser
import EasySetupChain

/// `easysetup chain get`: writes a value to standard output.
struct ChainGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Writes a value to standard output.",
        discussion: """
              easysetup chain get notes/1 > note.txt

            A file or another program gets the bytes as they were put. A terminal gets text, without what could move its \
            cursor. With --json all attributes are told.
            """
    )

    @Argument(help: "The object as COLLECTION/OBJECT.")
    var object: String

    @OptionGroup var attribute: AttributeOption
    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.run { output in
            let path = try ObjectPath(object)
            let name = try attribute.checked
            let session = try await ChainSession.open(options, .reading, output)
            guard let attributes = try await session.chain.get(path.object, in: path.collection) else {
                throw ChainError.objectMissing
            }
            output.onStop(nil)
            guard output.form == .people else {
                return output.event("object", path.members + [("attributes", attributes.json)], people: nil)
            }
            guard let value = attributes[name] else { throw ChainUsage.attributeMissing }
            if output.isTerminal {
                guard let text = ShownValue(bytes: value).screen else {
                    return output.say(
                        "(no text, \(value.count.counted("byte")); a file or another program gets it as it is)"
                    )
                }
                output.put(text)
            } else {
                output.put(bytes: value)
            }
        }
    }
}
