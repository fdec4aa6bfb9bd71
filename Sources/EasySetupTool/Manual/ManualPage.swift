import ArgumentParser

/// A manual page of one command, in the macros of man(7).
struct ManualPage {
    /// The names that lead to the command, the program's first.
    let path: [String]
    let command: CommandTree.Command
    /// The environment variable of an option of the command, by the option's long name without dashes.
    let variable: (String) -> String?
    /// The program's version.
    let version: String

    /// The name of the page, and of its file without the section: `easysetup-seed-import`.
    var name: String { path.joined(separator: "-") }

    /// The pages of a root command and of all its commands that `--help` shows.
    static func all(of root: any ParsableCommand.Type) throws -> [Self] {
        var pages: [Self] = []
        try CommandTree(of: root).visit { path, command in
            var type = root
            for name in path.dropFirst() {
                guard let next = type.configuration.subcommands.first(where: { $0.configuration.commandName == name })
                else { return }
                type = next
            }
            let settings = Setting.all(of: type, named: Array(path.dropFirst()))
            pages.append(
                Self(
                    path: path,
                    command: command,
                    variable: { name in settings.first { $0.option == name }?.variable },
                    version: Version.program
                )
            )
        }
        return pages
    }

    /// The page's text.
    var text: String {
        var page = Roff()
        let abstract = command.abstract ?? ""
        page.macro("TH", [name.uppercased(), "1", "", "EasySetup \(version)", "EasySetup"])
        // Words are neither broken nor spread over the line, so that a command can be copied.
        page.raw(".nh\n.ad l")
        page.macro("SH", ["NAME"])
        page.line("\(name) - \(abstract.hasSuffix(".") ? String(abstract.dropLast()) : abstract)")
        synopsis(&page)
        page.macro("SH", ["DESCRIPTION"])
        page.line(abstract)
        page.paragraphs(command.discussion ?? "")
        arguments(&page)
        if !command.shownCommands.isEmpty {
            page.macro("SH", ["COMMANDS"])
            for next in command.shownCommands {
                page.term(bold: "\(path.joined(separator: " ")) \(next.commandName)", rest: "")
                page.line(next.abstract ?? "")
            }
        }
        if path.count == 1 {
            page.macro("SH", ["EXIT STATUS"])
            page.paragraphs(ExitCodes.help)
        }
        seeAlso(&page)
        return page.text
    }

    private func synopsis(_ page: inout Roff) {
        page.macro("SH", ["SYNOPSIS"])
        var rest = command.shownArguments(positional: false).isEmpty ? "" : " [\\fIoptions\\fR]"
        if !command.shownCommands.isEmpty { rest += " \\fIcommand\\fR" }
        for argument in command.shownArguments(positional: true) {
            let name = "\\fI" + Roff.escaped(argument.valueName ?? "") + "\\fR" + (argument.isRepeating ? " ..." : "")
            rest += argument.isOptional ? " [\(name)]" : " \(name)"
        }
        page.raw("\\fB" + Roff.escaped(path.joined(separator: " ")) + "\\fR" + rest)
    }

    private func arguments(_ page: inout Roff) {
        let positional = command.shownArguments(positional: true)
        if !positional.isEmpty {
            page.macro("SH", ["ARGUMENTS"])
            for argument in positional {
                page.term(bold: "", rest: argument.valueName ?? "")
                describe(argument, &page)
            }
        }
        let options = command.shownArguments(positional: false)
        guard !options.isEmpty else { return }
        page.macro("SH", ["OPTIONS"])
        // Options without a title come first, as in `--help`.
        var titles: [String?] = [nil]
        for option in options where !titles.contains(option.sectionTitle) { titles.append(option.sectionTitle) }
        for title in titles {
            if let title { page.macro("SS", [title]) }
            for option in options where option.sectionTitle == title {
                let names = (option.names ?? []).map(\.written).joined(separator: ", ")
                page.term(bold: names, rest: option.kind == .option ? option.valueName ?? "" : "")
                describe(option, &page)
            }
        }
    }

    private func describe(_ argument: CommandTree.Argument, _ page: inout Roff) {
        page.line(argument.abstract ?? "")
        page.paragraphs(argument.discussion ?? "", isIndented: true)
        if let values = argument.allValues, !values.isEmpty {
            page.line("One of: " + values.joined(separator: ", ") + ".")
        }
        if let value = argument.defaultValue { page.line("Default: \(value).") }
        let long = argument.names?.first { $0.kind == .long }?.name
        if let variable = long.flatMap(variable) { page.line("Variable: \(variable).") }
    }

    private func seeAlso(_ page: inout Roff) {
        var pages = command.shownCommands.map { name + "-" + $0.commandName }
        if path.count > 1 { pages.insert(path.dropLast().joined(separator: "-"), at: 0) }
        guard !pages.isEmpty else { return }
        page.macro("SH", ["SEE ALSO"])
        page.raw(pages.map { "\\fB" + Roff.escaped($0) + "\\fR(1)" }.joined(separator: ",\n"))
    }
}

/// The text of a page for `man`, in which every character of a description stands for itself.
struct Roff {
    private(set) var text = ""

    /// A request with its arguments, such as `.SH "NAME"`.
    mutating func macro(_ name: String, _ arguments: [String]) {
        text += ".\(name)" + arguments.map { " \"" + Self.escaped($0.filter { $0 != "\"" }) + "\"" }.joined() + "\n"
    }

    /// A line of prose.
    mutating func line(_ line: String) {
        guard !line.isEmpty else { return }
        let escaped = Self.escaped(line)
        // A dot or an apostrophe at the beginning would make a request of the line.
        text += (escaped.first == "." || escaped.first == "'" ? "\\&" : "") + escaped + "\n"
    }

    /// A line that has requests for fonts in it.
    mutating func raw(_ line: String) {
        text += line + "\n"
    }

    /// A term of a list, whose description follows.
    mutating func term(bold: String, rest: String) {
        text += ".TP\n"
        let name = bold.isEmpty ? "" : "\\fB" + Self.escaped(bold) + "\\fR"
        let value = rest.isEmpty ? "" : "\\fI" + Self.escaped(rest) + "\\fR"
        text += [name, value].filter { !$0.isEmpty }.joined(separator: " ") + "\n"
    }

    /// A description of several paragraphs. Lines that begin with white space keep their breaks, and a line of capitals
    /// with a colon at its end is a heading.
    mutating func paragraphs(_ discussion: String, isIndented: Bool = false) {
        guard !discussion.isEmpty else { return }
        text += isIndented ? "" : ".PP\n"
        var isTable = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.first?.isWhitespace == true, !isTable {
                text += ".PP\n.nf\n"
                isTable = true
            } else if line.first?.isWhitespace != true, isTable {
                text += ".fi\n.PP\n"
                isTable = false
            }
            if line.hasSuffix(":"), line == line.uppercased() {
                macro("SS", [String(line.dropLast())])
            } else if line.isEmpty {
                text += ".PP\n"
            } else {
                self.line(line)
            }
        }
        if isTable { text += ".fi\n" }
    }

    /// The text with the characters written out that have a meaning in roff.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            // A plain dash would become a hyphen, which nobody can copy into a command.
            case "-": result += "\\-"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            default: result.append(character)
            }
        }
        return result
    }
}
