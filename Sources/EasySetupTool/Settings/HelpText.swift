import ArgumentParser

/// The text of `--help` as this project shows it: each option's description names its environment variable, and its
/// default where the argument parser names none.
struct HelpText {
    /// The description of an option.
    private struct Block {
        let setting: Setting
        var text = ""

        /// The default that the description names.
        var standard: String? {
            guard let match = text.firstMatch(of: /[Dd]efault: (.+)/) else { return nil }
            var value = match.1.prefix { $0 != ")" }
            while value.last == " " || value.last == "." { value.removeLast() }
            return String(value)
        }

        private var isFlag: Bool { setting.kind == .flag || setting.kind == .choice }

        /// The words for the default where the description names none.
        var own: String { isFlag ? "no" : "none" }
    }

    /// The help with the environment variables.
    private(set) var text: String
    /// The defaults of the command's options, as the help names them; nil for an option without one.
    private(set) var defaults: [String: String?] = [:]

    /// Reads a text of the argument parser.
    /// - Parameter root: the command to which all others belong.
    init(_ help: String, of root: any ParsableCommand.Type) {
        text = help
        guard let usage = help.firstMatch(of: /USAGE: (\S+(?: [a-z][a-z0-9-]*)*)/) else { return }
        var (command, path): (any ParsableCommand.Type, [String]) = (root, [])
        for word in usage.1.split(separator: " ").dropFirst().map(String.init) {
            guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word })
            else { break }
            (command, path) = (next, path + [word])
        }
        let settings = Dictionary(uniqueKeysWithValues: Setting.all(of: command, named: path).map { ($0.option, $0) })
        var lines: [String] = []
        var block: Block?
        for line in help.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) + [""] {
            if line.isEmpty || line.hasPrefix("  -"), let ended = block {
                let ending = ended.standard == nil ? "; default: \(ended.own)" : ""
                lines.append(Self.indentation + ended.setting.variable + ending)
                defaults[ended.setting.option] = .some(ended.standard ?? (ended.own == "no" ? "no" : nil))
                block = nil
            }
            if let name = line.firstMatch(of: /^  (?:-\w, )?--([a-z-]+)/)?.1, let setting = settings[String(name)] {
                block = Block(setting: setting)
            }
            block?.text += String(line.drop { $0 == " " }) + " "
            lines.append(line)
        }
        text = lines.dropLast().joined(separator: "\n")
    }

    /// The column in which the argument parser begins its descriptions.
    private static let indentation = String(repeating: " ", count: 26)
}
