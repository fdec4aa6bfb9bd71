import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import Foundation
import Testing

@testable import EasySetupTool

/// Every command that a text names can be run.
@Suite("Commands in advice and on pages") struct AdviceTests {
    static let errors: [any ExplainedError] =
        PairingError.examples as [any ExplainedError] + StoreError.examples + CodeError.examples
        + RelayAddressError.examples + SeedError.examples + BaseTests.commandErrors
        + CommandError.Need.allCases.map { CommandError.nobodyToAsk($0) }
        + ChainError.examples + BaseTests.pictureErrors
        + [PairingUsage.relayMissing, .schemeMissing, .badName, .storeMissing]

    /// The faults in the commands that a text names: words behind `easysetup` that are no command, and options that the
    /// command does not have.
    static func faults(_ text: String, isStrict: Bool) -> [String] {
        var faults: [String] = []
        for match in text.matches(of: /\beasysetup((?: --?[a-z-]+| [a-z]+)+)/) {
            var command: any ParsableCommand.Type = EasySetupCommand.self
            var words = match.1.split(separator: " ")[...]
            while let next = command.configuration.subcommands.first(where: {
                $0.configuration.commandName ?? "" == words.first ?? "-"
            }) {
                command = next
                words.removeFirst()
            }
            // A group of commands, such as `seed`, needs another word.
            let isGroup = !command.configuration.subcommands.isEmpty
            if isStrict, isGroup, words.first?.hasPrefix("-") != true { faults.append(String(match.0)) }
            let names = OptionNames(of: command)
            for option in words.prefix(while: { $0.hasPrefix("-") })
            where !names.valued.union(names.flags).contains(String(option)) {
                faults.append("\(match.0): \(option)")
            }
        }
        return faults
    }

    @Test("A command that does not exist is found") func finder() {
        #expect(Self.faults("Run easysetup seed remove --user-id, then easysetup offer.", isStrict: true).isEmpty)
        #expect(Self.faults("Run easysetup seed forget it.", isStrict: true) == ["easysetup seed forget it"])
        #expect(Self.faults("Run easysetup pair.", isStrict: true) == ["easysetup pair"])
        #expect(!Self.faults("Run easysetup offer --replace.", isStrict: true).isEmpty)
    }

    @Test("Every command that an error's advice names exists, with its options") func advice() {
        var count = 0
        for error in Self.errors {
            #expect(Self.faults(error.commandAdvice, isStrict: true).isEmpty, "\(error.name)")
            if error.commandAdvice.contains("easysetup ") { count += 1 }
        }
        #expect(count > 10)
    }

    @Test("Every advice of the program is for an error that exists, and differs from the library's") func keys() {
        var unused = Set(CommandAdvice.texts.keys)
        for error in Self.errors {
            guard let key = (error as? any Explained)?.explanation.key, CommandAdvice.texts[key] != nil else {
                continue
            }
            unused.remove(key)
            #expect(error.commandAdvice != error.advice, "\(key)")
        }
        #expect(unused.isEmpty)
    }

    @Test("Every command of the help and of a page exists") func pages() throws {
        func commands(_ type: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            [type] + type.configuration.subcommands.flatMap(commands)
        }
        for command in commands(EasySetupCommand.self) {
            let help = EasySetupCommand.helpMessage(for: command, columns: 400)
            #expect(Self.faults(help, isStrict: false).isEmpty, "\(command)")
        }
        for page in ["README.md", "docs/command-line.md", "Protocol/operating.md", "docs/threat-model.md"] {
            #expect(try Self.faults(PagesTests.text(page), isStrict: false).isEmpty, "\(page)")
        }
    }
}
