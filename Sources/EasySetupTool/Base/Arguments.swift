import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The arguments of the process. Only this value keeps arguments that may be secret, such as a code, a link, or a part
/// of one. It overwrites them in the argument list that other users of the machine can see, and no message repeats
/// them.
struct Arguments: Sendable {
    /// The arguments after the program's name. Bytes that are not UTF-8 are encoded as in ``PathArgument``.
    let texts: [String]
    /// The program's command, to which all others belong.
    let root: any ParsableCommand.Type
    /// The command that the first arguments name.
    let command: any ParsableCommand.Type
    /// The names by which the first arguments name the command, such as `seed` and `show`.
    let path: [String]
    /// The names of the options that are given, without the hyphens; a flag's opposite counts as the flag.
    let given: Set<String>
    /// Whether the arguments ask for a text about the program in place of a command's work.
    let asksForHelp: Bool
    /// The indices in ``texts`` of arguments that may be secret: every argument that is neither a command's name, nor a
    /// known option, nor an option's value; and every option's value that looks like a link, or like an address of Redis
    /// with a user or a password.
    let others: Set<Int>
    /// The indices in ``texts`` of the arguments that are values of known options.
    private let values: Set<Int>

    /// Reads the process's arguments for a command with its subcommands, and overwrites those that may be secret in the
    /// memory that the system shows to other users. The caller may call it only once.
    static func take(for root: any ParsableCommand.Type) -> Arguments {
        let pointers = (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0] }
        let arguments = Arguments(
            pointers.map { PathArgument.text(of: Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))) },
            for: root
        )
        for index in arguments.others { memset(pointers[index], CInt(UInt8(ascii: "*")), strlen(pointers[index])) }
        return arguments
    }

    init(_ texts: [String], for root: any ParsableCommand.Type) {
        var command = root
        var index = 0
        while index < texts.count,
            let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == texts[index] })
        {
            command = next
            index += 1
        }
        let options = OptionNames(of: command)
        path = Array(texts[..<index])
        var others: Set<Int> = []
        var values: Set<Int> = []
        var given: Set<String> = []
        var asksForHelp = command.configuration.subcommands.isEmpty == false
        var isOptions = true
        while index < texts.count {
            let name = texts[index].prefix { $0 != "=" }
            if isOptions, texts[index] == "--" {
                isOptions = false
            } else if isOptions, options.valued.contains(String(name)) {
                let value = texts[index].count > name.count ? index : index + 1
                // A link may stand in the place of another option's value, where it is secret too.
                if value < texts.count, Self.isSecret(texts[value]) { others.insert(value) }
                values.insert(value)
                given.insert(String(name.dropFirst(2)))
                index = value
            } else if isOptions, options.flags.contains(texts[index]) {
                let flag = texts[index].dropFirst(2)
                let base = flag.hasPrefix("no-") ? String(flag.dropFirst(3)) : String(flag)
                given.insert(options.options.contains { $0.name == base } ? base : String(flag))
                if Self.helpFlags.contains(texts[index]) { asksForHelp = true }
            } else {
                others.insert(index)
            }
            index += 1
        }
        // `-V` stands for the version, as in many programs.
        self.texts = texts == ["-V"] ? ["--version"] : texts
        self.root = root
        self.command = command
        self.others = others
        self.values = values.filter { $0 < texts.count }
        self.given = given
        self.asksForHelp = asksForHelp
    }

    private static let helpFlags: Set = ["--help", "-h", "--version", "-V"]

    /// The values that the arguments give for an option.
    func values(of option: String) -> [String] {
        values.sorted().compactMap { index in
            let text = texts[index]
            if text.hasPrefix("--\(option)=") { return String(text.dropFirst(option.count + 3)) }
            return index > 0 && texts[index - 1] == "--" + option ? text : nil
        }
    }

    private static func isSecret(_ text: String) -> Bool {
        let small = text.lowercased()
        return small.contains("easysetup") && text.contains { $0 == ":" || $0 == "#" }
            || small.contains("redis") && text.contains("@")
    }

    /// Refuses a second value for an option that takes only one, because it would be a guess which of the two counts.
    func refuseRepeats() throws {
        var seen: Set<String> = []
        let single = OptionNames(of: command).single
        var index = 0
        while index < texts.count, texts[index] != "--" {
            let name = String(texts[index].prefix { $0 != "=" })
            if single.contains(name) {
                guard seen.insert(name).inserted else {
                    throw ValidationError("\(name) is given twice, and takes one value.")
                }
                if texts[index].count == name.count { index += 1 }
            }
            index += 1
        }
    }

    /// Refuses typing errors that the argument parser would report in a misleading way, such as an empty value, a value
    /// for a flag, or an option's name with one hyphen in place of two.
    func refuseSlips() throws {
        let options = OptionNames(of: command)
        var index = 0
        while index < texts.count, texts[index] != "--" {
            let text = texts[index]
            let name = String(text.prefix { $0 != "=" })
            let hasValue = text.count > name.count
            if options.valued.contains(name) {
                if !hasValue { index += 1 }
                let value =
                    hasValue ? text.dropFirst(name.count + 1) : texts.indices.contains(index) ? texts[index][...] : "x"
                if value.isEmpty { throw ValidationError("The value of \(name) is empty.") }
            } else if options.flags.contains(name), hasValue {
                throw ValidationError("\(name) takes no value.")
            } else if let meant = Self.withHyphens(name),
                options.valued.contains(meant) || options.flags.contains(meant)
            {
                throw ValidationError("Argument \(index + 1) does not begin with two hyphens: write \(meant).")
            } else if command == JoinCommand.self, ["--code", "--link"].contains(name) {
                throw ValidationError("The code or link stands alone, without an option before it.")
            } else if options.valued.contains("--listen"), others.contains(index), !text.hasPrefix("-") {
                throw ValidationError(
                    "Argument \(index + 1) belongs to no option. Where to listen is said by --listen HOST:PORT, with * as the host for every address of this machine."
                )
            }
            index += 1
        }
    }

    /// Replaces the dash or the one hyphen at the start of an option's name by two hyphens, because a word processor
    /// may have put it there. Nil if the text begins with no dash or hyphen, or with two hyphens.
    private static func withHyphens(_ name: String) -> String? {
        let rest = name.unicodeScalars.drop { $0.properties.generalCategory == .dashPunctuation || $0 == "\u{2212}" }
        guard rest.count < name.unicodeScalars.count, !name.hasPrefix("--") else { return nil }
        return "--" + String(rest).lowercased()
    }

    /// Removes from a message of the argument parser the suggestion of an option ("Did you mean …") that differs by
    /// more than a typing error, because such an option has another meaning.
    private static func withoutGuess(_ message: String) -> String {
        message.replacing(/'(--[^']*)'\. Did you mean '(--[^']*)'\?/) { match in
            let (typed, meant) = (match.1, match.2)
            let isNear = Nearest.distance(typed, meant) <= (typed.count > 7 ? 2 : 1) || meant.hasPrefix(typed)
            return isNear ? String(match.0) : "'\(typed)'."
        }
    }

    /// A message of the argument parser, in which every argument that may be secret is replaced by its number.
    /// - Parameter settings: the values that came from elsewhere, which the message must not repeat either.
    func without(_ message: String, settings: [String] = []) -> String {
        var message = Self.withoutGuess(message)
        for value in settings.sorted(by: { $0.count > $1.count }) {
            for part in [value] + value.split(separator: "=").map(String.init) {
                message = message.replacing(" '\(part)'", with: "")
            }
        }
        let hidden = others.union(values)
        for index in hidden.sorted(by: { texts[$0].count > texts[$1].count }) {
            let text = texts[index]
            message = message.replacing("'\(text)'", with: "(argument \(index + 1))")
            // The parser's message may quote only a part of `--option=value`, so each part is replaced by the
            // argument's number, too. A value may contain a second `=`.
            let value = text.firstIndex(of: "=").map { text[$0...].dropFirst() }
            for part in [value ?? ""] + text.split(separator: "=") where !part.isEmpty {
                message = message.replacing("'\(part)'", with: "(argument \(index + 1))")
            }
        }
        // If the parser's message still contains an argument after these replacements, the parser has repeated it in an
        // unknown way, and the whole message is dropped. An option's value that is also a word of the command's help
        // text, such as a folder named store, is no secret.
        let help = root.helpMessage(for: command)
        let options = OptionNames(of: command)
        let isClean = hidden.allSatisfy { index in
            let text = texts[index]
            // An option's name that was typed with one hyphen is no secret.
            if text.hasPrefix("-"), options.valued.union(options.flags).contains("-" + text) { return true }
            return text.count < 3 || !message.contains(text) || (values.contains(index) && help.contains(text))
        }
        let hasNone = settings.allSatisfy { $0.count < 3 || !message.contains($0) || help.contains($0) }
        return isClean && hasNone ? message : "Error: \(CommandError.usage.description)\n\(CommandError.usage.advice)"
    }
}
