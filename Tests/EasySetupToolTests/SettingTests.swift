import ArgumentParser
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("Options as settings") struct SettingTests {
    private static let all = Setting.tree(of: EasySetupCommand.self)

    private static func commands(
        _ type: any ParsableCommand.Type = EasySetupCommand.self,
        _ path: [String] = []
    ) -> [(type: any ParsableCommand.Type, path: [String])] {
        [(type, path)]
            + type.configuration.subcommands.flatMap { commands($0, path + [$0.configuration.commandName!]) }
    }

    @Test("Every option has a variable by one rule, which is its own, and the help names it with a default")
    func variables() throws {
        var count = 0
        for (command, path) in Self.commands() where command.configuration.subcommands.isEmpty {
            let help = HelpText(EasySetupCommand.helpMessage(for: command, columns: 200), of: EasySetupCommand.self)
            let settings = Setting.all(of: command, named: path)
            for match in help.text.matches(of: /\n  (?:-\w, )?--([a-z-]+)(\/--no-[a-z-]+)?/) {
                let option = String(match.1)
                if ["help", "version"].contains(option) { continue }
                let setting = try #require(settings.first { $0.option == option }, "\(path) \(option)")
                #expect((setting.kind == .choice) == (match.2 != nil), "\(path) \(option)")
                let plain = "EASYSETUP_" + option.uppercased().replacing("-", with: "_")
                let own = "EASYSETUP_" + (path + [option]).joined(separator: "_").uppercased().replacing("-", with: "_")
                #expect(setting.variable == (setting.command.isEmpty ? plain : own))
                let block = help.text[match.range.lowerBound...].dropFirst(3).prefix { _ in true }
                let end = block.firstRange(of: "\n  -")?.lowerBound ?? block.endIndex
                #expect(block[..<end].contains("  " + setting.variable), "\(path) \(option)")
                #expect(block[..<end].contains(/[Dd]efault: \S/), "\(path) \(option)")
                #expect(help.defaults[option] != nil)
                count += 1
            }
        }
        #expect(count > 50)
        #expect(Set(Self.all.map(\.variable)).count == Self.all.count)
    }

    @Test("The parser knows every option that a variable gives, and an option that is given keeps the variable out")
    func everyOption() throws {
        let root = EasySetupCommand.self
        for (command, path) in Self.commands() where command.configuration.subcommands.isEmpty {
            for setting in Setting.all(of: command, named: path) {
                let isFlag = setting.kind == .flag || setting.kind == .choice
                let given = AppliedSetting(setting: setting, values: [isFlag ? "yes" : "1"], source: .standard)
                do {
                    // By the command itself: the way to it from the program's root takes most of the time.
                    _ = try command.parseAsRoot(given.arguments)
                } catch {
                    // The value need not fit.
                    #expect(!command.message(for: error).contains("Unknown option"), "\(setting)")
                }
                let forms = try isFlag ? [given.arguments] : [given.arguments, ["--" + setting.option, "1"]]
                for form in forms {
                    #expect(Arguments(path + form, for: root).given == [setting.option], "\(setting)")
                }
                guard setting.kind == .choice else { continue }
                #expect(Arguments(path + ["--no-" + setting.option], for: root).given == [setting.option])
            }
        }
    }

    @Test("The relay of a device and the settings of a relay have variables apart") func relay() {
        let names = Self.all.map(\.variable)
        for name in ["EASYSETUP_RELAY", "EASYSETUP_RELAY_LISTEN", "EASYSETUP_STORE", "EASYSETUP_OFFER_YES"] {
            #expect(names.contains(name))
        }
    }

    @Test("The names in a user's file are distinct, and a flag that is for one call is none of them") func files() {
        let names = Invocation.userNames(Self.all).settings
        #expect(Set(names.map(\.name)).count == names.count)
        for name in ["relay", "store", "allow-plain", "offer-qr"] { #expect(names.contains { $0.name == name }) }
        for name in ["offer-yes", "join-yes", "seed-import-replace", "config-unset", "relay-config", "listen"] {
            #expect(!names.contains { $0.name == name })
        }
    }

    @Test(
        "A variable of no setting is refused with the nearest name",
        arguments: [
            ("EASYSETUP_RELAY_LISTN", "EASYSETUP_RELAY_LISTEN"), ("EASYSETUP_STOER", "EASYSETUP_STORE"),
            ("EASYSETUP_QR", nil), ("EASYSETUP_RELAY_", "EASYSETUP_RELAY"),
            ("EASYSETUP_RELAY_LOG_LEVEL", "EASYSETUP_LOG_LEVEL"), ("EASYSETUP_LISTEN", "EASYSETUP_RELAY_LISTEN"),
            ("EASYSETUP_RELAY_TLS_CERT", "EASYSETUP_RELAY_TLS_CERTIFICATE"), ("EASYSETUP_RELAY_HATS", nil),
        ] as [(String, String?)]
    )
    func unknown(name: String, nearest: String?) {
        let faults = EnvironmentNames.unknown(["EASYSETUP_RELAY", name], settings: Self.all)
        #expect(faults == [.unknown(.variable(name), nearest: nearest)])
    }

    @Test(
        "Variables that Kubernetes or the build set are no settings",
        arguments: [
            "EASYSETUP_SERVICE_HOST", "EASYSETUP_RELAY_SERVICE_PORT", "EASYSETUP_RELAY_SERVICE_PORT_HTTPS",
            "EASYSETUP_PORT", "EASYSETUP_RELAY_PORT", "EASYSETUP_RELAY_PORT_443_TCP", "EASYSETUP_PORT_443_TCP_ADDR",
            "EASYSETUP_RELAY_PORT_8080_TCP_PROTO", "EASYSETUP_SODIUM",
        ]
    )
    func foreign(name: String) {
        #expect(EnvironmentNames.unknown([name], settings: Self.all) == [])
        #expect(!Self.all.contains { $0.variable == name })
    }

    @Test("A variable beats the file, as a whole, and each setting knows its source") func layers() throws {
        let listen = Setting(option: "listen", command: ["relay"], kind: .list, isPath: false)
        let cores = Setting(option: "cores", command: ["relay"], kind: .value, isPath: false)
        let level = Setting(option: "log-level", command: [], kind: .value, isPath: false)
        let applied = SettingsLayers.read(
            [listen, cores, level],
            variables: ["EASYSETUP_RELAY_LISTEN": "*:1, [::1]:2", "EASYSETUP_LOG_LEVEL": "a,b"],
            file: [
                SettingsText.Entry(setting: listen, values: ["*:3"], line: 1),
                SettingsText.Entry(setting: cores, values: ["2,3"], line: 4),
            ],
            path: "f"
        )
        #expect(
            applied == [
                AppliedSetting(
                    setting: listen,
                    values: ["*:1", "[::1]:2"],
                    source: .variable("EASYSETUP_RELAY_LISTEN")
                ),
                AppliedSetting(setting: cores, values: ["2,3"], source: .line(4, of: "f")),
                AppliedSetting(setting: level, values: ["a,b"], source: .variable("EASYSETUP_LOG_LEVEL")),
            ]
        )
        #expect(try applied[0].arguments == ["--listen=*:1", "--listen=[::1]:2"])
    }

    @Test("A flag is yes or no in a variable or a file") func flags() throws {
        let arguments = { (kind: OptionNames.Kind, value: String) in
            let setting = Setting(option: "x", command: [], kind: kind, isPath: false)
            return try AppliedSetting(setting: setting, values: [value], source: .variable("X")).arguments
        }
        for value in ["yes", "TRUE", "on", "1"] {
            #expect(try arguments(.flag, value) == ["--x"] && arguments(.choice, value) == ["--x"])
        }
        for value in ["no", "False", "off", "0"] {
            #expect(try arguments(.flag, value) == [] && arguments(.choice, value) == ["--no-x"])
        }
        for value in ["maybe", "always", "2"] {
            #expect(throws: SettingsError.badValue(.variable("X"), "x is yes or no.")) { try arguments(.flag, value) }
        }
    }

    @Test(
        "What is shown of a value has no password, no link and no seed",
        arguments: [
            ("wss://user:pw@host:1/x", "wss://host:1/x"), ("wss://a@b@host", "wss://host"),
            ("wss://host", "wss://host"),
            ("wss://host/a@b", "wss://host/a@b"), ("easysetup-seed:1/ABC", "(not shown)"),
            ("EASYSETUP://relay/1/K7Q#0", "(not shown)"), ("/home/easysetup/store", "/home/easysetup/store"),
        ]
    )
    func shown(value: String, text: String) { #expect(ShownSetting.withoutSecrets(value) == text) }
}
