import ArgumentParser

/// An option of a command as a setting, which an environment variable or a line of a file may give as well
/// (`docs/command-line.md`, "Settings").
struct Setting: Hashable, Sendable {
    /// The option's name without the two hyphens.
    let option: String
    /// The names of the command that alone has the option, such as `seed` and `show`; empty if commands share it.
    let command: [String]
    let kind: OptionNames.Kind
    /// Whether the value is the path of a file or folder.
    let isPath: Bool

    /// The words of which the setting's names consist.
    var words: [String] { command + [option] }

    /// The setting's name in a user's file, such as `offer-qr`.
    var name: String { words.joined(separator: "-") }

    /// The environment variable, such as `EASYSETUP_OFFER_QR`.
    var variable: String {
        (Self.prefix + name).uppercased().replacing("-", with: "_")
    }

    /// Whether a file may give the setting. A flag without an opposite answers one question or changes one call, so
    /// that nobody wants it for every call.
    var isKept: Bool { kind != .flag && option != Self.fileOption }

    private static let prefix = "easysetup-"

    /// The values of a list that was separated at commas. An address of Redis has commas of its own, between sentinels or
    /// in a password: what has no scheme belongs to the value before it.
    func whole(_ parts: [String]) -> [String] {
        guard option == Self.addressOption else { return parts }
        return parts.reduce(into: []) { values, part in
            if part.contains("://") || values.isEmpty {
                values.append(part)
            } else {
                values[values.count - 1] += "," + part
            }
        }
    }

    /// The option that names the servers of Redis.
    private static let addressOption = "fleet"

    /// The option that names a file of settings.
    static let fileOption = "config"

    /// The settings of a command: those that it shares with others, and its own.
    static func all(of command: any ParsableCommand.Type, named path: [String]) -> [Setting] {
        OptionNames(of: command).options.map {
            Setting(option: $0.name, command: $0.isShared ? [] : path, kind: $0.kind, isPath: $0.isPath)
        }
    }

    /// The settings of all commands, each once, in the order in which the help has them.
    static func tree(of root: any ParsableCommand.Type, named path: [String] = []) -> [Setting] {
        var seen: Set<Setting> = []
        let below = root.configuration.subcommands.flatMap { command in
            tree(of: command, named: path + [command.configuration.commandName ?? ""])
        }
        return (all(of: root, named: path) + below).filter { seen.insert($0).inserted }
    }

    /// Whether the command reads its settings from the file that an option of its names, and not from the user's file.
    static func namesFile(_ command: any ParsableCommand.Type) -> Bool {
        OptionNames(of: command).options.contains { $0.name == fileOption }
    }
}

/// The place at which a setting was given.
enum SettingSource: Equatable, Sendable {
    case option(String)
    case variable(String)
    case line(Int, of: String)
    /// Nothing gives the setting, so the program's own value is in force.
    case standard

    /// The place in words.
    var text: String {
        switch self {
        case .option(let name): name
        case .variable(let name): name
        case .line(let number, let path): "line \(number) of \(path)"
        case .standard: "default"
        }
    }
}
