import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("Manual pages and completions", .inTurn, .timeLimit(.minutes(60))) struct ManualTests {
    let folder = ScratchFolder()

    /// A command with the names that lead to it.
    private struct Named {
        let path: [String]
        let type: any ParsableCommand.Type
    }

    /// All commands but the hidden ones.
    private static var commands: [Named] {
        var all = [Named(path: ["easysetup"], type: EasySetupCommand.self)]
        var next = 0
        while next < all.count {
            let command = all[next]
            next += 1
            let shown = command.type.configuration.subcommands.filter { $0.configuration.shouldDisplay }
            let below = shown.map { Named(path: command.path + [$0.configuration.commandName ?? ""], type: $0) }
            all.insert(contentsOf: below, at: next)
        }
        return all
    }

    @Test("Every command has a page, with every option of its --help") func complete() throws {
        let pages = try ManualPage.all(of: EasySetupCommand.self)
        let commands = Self.commands
        let names = commands.map { $0.path.joined(separator: "-") }
        #expect(pages.map(\.name) == names)
        #expect(pages.count > 8)
        for (page, command) in zip(pages, commands) {
            let help = EasySetupCommand.helpMessage(for: command.type, columns: 1000)
            let options = help.matches(of: /(?m)^  (?:-\w, )?(?:--[a-z-]+\/)?(--[a-z-]+)/).map { String($0.1) }
            #expect(options.contains("--help"))
            let settings = Setting.all(of: command.type, named: Array(command.path.dropFirst()))
            for setting in settings { #expect(page.text.contains("Variable: \(setting.variable).")) }
            for option in options { #expect(page.text.contains(Roff.escaped(option)), "\(page.name): \(option)") }
        }
    }

    @Test("The program writes the pages, and man formats them without a warning") func written() async throws {
        let result = try await Program.run(["generate-manual", folder.path])
        #expect(result.code == 0)
        let files = try ManualPage.all(of: EasySetupCommand.self).map { "\($0.name).1" }
        #expect(result.lines == files)
        for line in result.lines {
            let arguments = ["groff", "-man", "-Tutf8", "-P-cbou", "-ww", folder.path + "/" + line]
            let groff = try Running(arguments, of: "/usr/bin/env")
            let text = await groff.output()
            #expect(await groff.errors() == "", "\(line)")
            #expect(text.contains("SYNOPSIS"))
        }
        let missing = try await Program.run(["generate-manual", folder.path + "/missing", "--json"])
        #expect(try missing.json()["error"] as? String == "output-failed")
    }

    @Test("No character of a description is taken for a request of roff") func escaping() {
        var roff = Roff()
        roff.line(".TH \\fBbold\\fR --option ~/x")
        roff.line("'quoted'")
        #expect(roff.text == "\\&.TH \\efBbold\\efR \\-\\-option \\(ti/x\n\\&'quoted'\n")
        var headings = Roff()
        headings.paragraphs("Words.\nEXIT CODES:\n  0  done\n  1  no\nMore.")
        let page = ".PP\nWords.\n.SS \"EXIT CODES\"\n.PP\n.nf\n  0  done\n  1  no\n.fi\n.PP\nMore.\n"
        #expect(headings.text == page)
    }

    @Test("Bash completes commands and options with the program's script") func bash() async throws {
        let script = folder.path + "/easysetup.bash"
        try await Program.run(["--generate-completion-script", "bash"]).output
            .write(toFile: script, atomically: true, encoding: .utf8)
        let complete = """
            source '\(script)'
            easysetup() { '\(Program.path)' "$@"; }
            words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                $(complete -p easysetup | sed -E 's/.*-F ([^ ]+).*/\\1/') "$1" "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"; printf '%s\\n' "${COMPREPLY[@]}"; }
            words easysetup of; words easysetup join --al; words easysetup seed im
            """
        let result = try Running(["-c", complete], of: "/bin/bash")
        let output = await result.output()
        #expect(output.split(separator: "\n") == ["offer", "--allow-plain", "import"])
        #expect(await result.errors() == "")
    }

    @Test("Zsh and fish can read the program's scripts", arguments: ["zsh", "fish"])
    func otherShells(shell: String) async throws {
        let script = folder.path + "/script"
        let text = try await Program.run(["--generate-completion-script", shell]).output
        for command in Self.commands {
            let name = command.path[command.path.count - 1]
            #expect(text.contains(name))
        }
        try text.write(toFile: script, atomically: true, encoding: .utf8)
        let check = try Running([shell, shell == "zsh" ? "-n" : "--no-execute", script], of: "/usr/bin/env")
        #expect(await check.errors() == "")
        #expect(await check.end() == 0)
    }
}
