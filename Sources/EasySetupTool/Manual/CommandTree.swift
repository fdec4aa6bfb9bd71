import ArgumentParser
import FoundationEssentials

/// The commands of the program with their arguments, as the argument parser describes them to other programs. `--help`
/// is made from the same declarations.
struct CommandTree: Decodable {
    /// One command with its subcommands.
    struct Command: Decodable {
        let commandName: String
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool
        var arguments: [Argument]?
        var subcommands: [Command]?

        /// The subcommands that `--help` shows.
        var shownCommands: [Command] { (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" } }

        /// The arguments that `--help` shows: positional ones, or options and flags.
        func shownArguments(positional: Bool) -> [Argument] {
            (arguments ?? []).filter { $0.shouldDisplay && ($0.kind == .positional) == positional }
        }
    }

    /// One argument, option or flag of a command.
    struct Argument: Decodable {
        enum Kind: String, Decodable { case positional, option, flag }

        struct Name: Decodable {
            enum Kind: String, Decodable { case long, short, longWithSingleDash }
            let kind: Kind
            let name: String

            /// The name as it is typed, with its dashes.
            var written: String { (kind == .long ? "--" : "-") + name }
        }

        let kind: Kind
        var sectionTitle: String?
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var discussion: String?
    }

    let command: Command

    /// Reads the tree of a root command.
    init(of root: any ParsableCommand.Type) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(root._dumpHelp().utf8))
    }

    /// Calls `visit` for the root command and each of its shown subcommands, with the names that lead to it.
    func visit(_ visit: (_ path: [String], Command) throws -> Void) rethrows {
        func walk(_ path: [String], _ command: Command) throws {
            try visit(path, command)
            for next in command.shownCommands { try walk(path + [next.commandName], next) }
        }
        do { try walk([command.commandName], command) }
    }
}
