import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The settings of a user", .inTurn, .timeLimit(.minutes(60))) struct ConfigCommandTests {
    let scratch = ScratchFolder()

    private var home: String { scratch.path + "/home" }
    private var file: String { home + "/easysetup/config" }

    private func run(_ arguments: String..., variables: [String: String] = [:]) async throws -> (
        code: Int32, output: String, errors: String
    ) {
        let program = try Running(arguments, variables: variables.merging(["XDG_CONFIG_HOME": home]) { $1 })
        program.endInput()
        return (await program.end(), await program.output(), await program.errors())
    }

    private func setting(_ name: String, variables: [String: String] = [:]) async throws -> [String: Any] {
        let output = try await run("config", name, "--json", variables: variables).output
        return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    private func write(_ text: String) throws {
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        chmod(file, 0o600)
    }

    @Test("A setting is kept, shown and dropped, in a file of this user alone") func keeps() async throws {
        #expect(try await run("config", "relay").output == "")
        #expect(try await run("config", "relay", "wss://relay.example").code == 0)
        #expect(try await run("config", "relay").output == "wss://relay.example")
        #expect(try await run("config", "name", "My \"big\" #2 ").code == 0)
        #expect(try await run("config", "store", "keys").code == 0)
        let store = try await run("config", "store").output
        #expect(store.hasPrefix("/") && store.hasSuffix("/keys"))
        for (path, mode) in [(file, 0o600), (home + "/easysetup", 0o700), (home, 0o700)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home + "/easysetup") == ["config"])
        let name = try await setting("name")
        #expect(name["value"] as? String == "My \"big\" #2 " && name["source"] as? String == "file")
        #expect(name["line"] as? Int == 3 && name["file"] as? String == file)
        #expect(try await run("config", "--unset", "name").code == 0)
        #expect(try await setting("name")["source"] as? String == "default")
    }

    @Test("Comments, blank lines and the order of the lines stay when a setting changes") func edits() async throws {
        try write("# mine\n\nrelay = wss://a.example # old\r\n# between\nlog-level = info")
        #expect(try await run("config", "relay", "wss://b.example").code == 0)
        #expect(try await run("config", "seal", "yes").code == 0)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text == "# mine\n\nrelay = wss://b.example\n# between\nlog-level = info\nseal = yes\n")
        #expect(try await run("config", "--unset", "log-level").code == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasSuffix("# between\nseal = yes\n"))
    }

    @Test("An option beats a variable, a variable beats the file, the file beats the default") func order() async throws
    {
        let (option, variable, line) = ("ws://127.0.0.1:1", "ws://127.0.0.1:2", "ws://127.0.0.1:3")
        #expect(try await run("config", "relay", line).code == 0)
        #expect(try await run("config").output.contains("relay = \(line)"))
        let offer = { (arguments: [String], variables: [String: String]) in
            let all = ["offer", "--yes", "--receive", "--store", scratch.store] + arguments
            let program = try Running(all, variables: variables.merging(["XDG_CONFIG_HOME": home]) { $1 })
            program.endInput()
            return await program.errors() + program.output()
        }
        let variables = ["EASYSETUP_RELAY": variable]
        #expect(try await offer([], [:]).contains("127.0.0.1:3"))
        #expect(try await offer([], variables).contains("127.0.0.1:2"))
        #expect(try await offer(["--relay", option], variables).contains("127.0.0.1:1"))
        #expect(try await setting("relay", variables: variables)["source"] as? String == "variable")
        // An empty variable counts as none.
        #expect(try await setting("relay", variables: ["EASYSETUP_RELAY": ""])["source"] as? String == "file")
    }

    private static let wrong: [(words: [String], code: Int32)] = [
        (["relay", "http://relay.example"], 78), (["relay", "ws://192.0.2.1:80"], 78),
        (["relay", "wss://a:hunter2@b"], 78), (["relay", "127.0.0.1:8080"], 78), (["relay", "-"], 78),
        (["log-level", "hunter2"], 78), (["allow-plain", "hunter2"], 78), (["seal", ""], 78),
        (["relya", "wss://hunter2"], 64), (["listen", "*:80"], 64), (["offer-yes", "yes"], 64),
        (["relay", "wss://hunter2", "x"], 64), (["name", "hunter2\n"], 78), (["demo-pairings", "many"], 78),
    ]

    @Test("A value that does not fit is not kept, and the reason is told", arguments: wrong)
    func refuses(words: [String], code: Int32) async throws {
        for form in [[], ["--json"]] {
            let program = try Running(["config"] + form + words, variables: ["XDG_CONFIG_HOME": home])
            program.endInput()
            #expect(await program.end() == code, "\(words)")
            let told = await program.errors() + program.output()
            #expect(!told.contains("hunter2") && !told.isEmpty, "\(told)")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test("The advice for a value that is refused can be followed: the relay without TLS, and one without a scheme")
    func adviceOfValues() async throws {
        let plain = "ws://192.0.2.1:80"
        let refused = try await run("config", "relay", plain)
        #expect(refused.errors.contains("easysetup config allow-plain yes"), "\(refused.errors)")
        #expect(try await run("config", "allow-plain", "yes").code == 0)
        #expect(try await run("config", "relay", plain).code == 0)
        let bare = try await run("config", "relay", "127.0.0.1:8080")
        #expect(bare.errors.contains("ws://127.0.0.1:PORT"), "\(bare.errors)")
    }

    @Test("All faults of the file are told at once, by the listing and by a command") func allFaults() async throws {
        try write("lgo-level = info\n[device]\nrelay = 127.0.0.1:1\nplain = hunter2\nlog-level = hunter2\n")
        let offer = try await run("offer")
        #expect(offer.code == 78)
        for line in [1, 2, 4, 5] { #expect(offer.errors.contains("ine \(line) of"), "\(offer.errors)") }
        try write("relay = 127.0.0.1:1\nplain = hunter2\nlog-level = hunter2\n")
        let listed = try await run("config")
        #expect(listed.code == 78)
        for line in [1, 2, 3] { #expect(listed.errors.contains("ine \(line) of"), "\(listed.errors)") }
        #expect(!(offer.errors + listed.errors).contains("hunter2"))
    }

    @Test("A wrong value in the file ends a command with its line, and config mends it") func mends() async throws {
        try write("relay = wss://relay.example\nlog-level = hunter2\n")
        let offer = try await run("offer", "--json")
        #expect(offer.code == 78)
        #expect(
            offer.output.contains("ine 2 of \(file)") && offer.output.contains("\"bad-setting\""),
            "\(offer.output)"
        )
        let listed = try await run("config")
        #expect(listed.code == 78 && listed.output.contains("relay = wss://relay.example"))
        #expect(!(offer.output + offer.errors + listed.errors).contains("hunter2"))
        #expect(try await run("config", "log-level", "info").code == 0)
        #expect(try await run("config").code == 0)
        try write("relay = wss://relay.example\nlgo-level = info\n")
        let unknown = try await run("offer")
        #expect(unknown.code == 78 && unknown.errors.contains("log-level"))
        #expect(try await run("config", "--unset", "lgo-level").code == 0)
        #expect(try await run("config").code == 0)
    }

    @Test("Help and the version need no settings that can be read") func help() async throws {
        try write("nonsense")
        for words in [["--help"], ["offer", "--help"], ["--version"], ["help", "offer"]] {
            let program = try Running(words, variables: ["XDG_CONFIG_HOME": home, "EASYSETUP_NONSENSE": "1"])
            #expect(await program.end() == 0, "\(words)")
        }
    }

    @Test("A file or folder that is a link, or that others may write, is refused and not written") func unsafe()
        async throws
    {
        try write("relay = wss://relay.example\n")
        let other = scratch.path + "/other"
        for (spoil, mend) in [
            ("chmod g+w '\(file)'", "chmod 600 '\(file)'"),
            ("chmod 777 '\(home)/easysetup'", "chmod 700 '\(home)/easysetup'"),
            ("mv '\(file)' '\(other)'; ln -s '\(other)' '\(file)'", "rm '\(file)'; mv '\(other)' '\(file)'"),
            (
                "mv '\(home)/easysetup' '\(other)'; ln -s '\(other)' '\(home)/easysetup'",
                "rm '\(home)/easysetup'; mv '\(other)' '\(home)/easysetup'"
            ), ("mv '\(file)' '\(other)'; mkfifo '\(file)'", "rm '\(file)'; mv '\(other)' '\(file)'"),
            (
                "mv '\(file)' '\(other)'; head -c 70000 /dev/zero > '\(file)'",
                "rm '\(file)'; mv '\(other)' '\(file)'"
            ),
        ] {
            #expect(try await Program.shell(spoil).code == 0)
            for words in [["config"], ["config", "seal", "yes"], ["seed", "show"]] {
                let program = try Running(words + ["--json"], variables: ["XDG_CONFIG_HOME": home])
                program.endInput()
                #expect(await program.end() == 78, "\(spoil) \(words)")
                #expect(await program.output().contains("\"settings-file\""), "\(spoil) \(words)")
            }
            #expect(try await Program.shell(mend).code == 0)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "relay = wss://relay.example\n")
    }

    @Test("A path that is no UTF-8 comes through a variable and through the file") func oddPaths() async throws {
        let run = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'; export XDG_CONFIG_HOME='\(home)'
            P=$(printf 'st\\xffre'); F=$(printf '\\xe9 #pw'); printf 'open sesame\\n' > "$F"; chmod 600 "$F"
            EASYSETUP_STORE="$P" "$ES" seed new; test -f "$P/seed"
            "$ES" config store "$P/../second"; "$ES" config passphrase-file "$F"
            "$ES" seed new; test -f second/seed; "$ES" seed show
            """
        )
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test("What is shown has no password") func passwords() async throws {
        let shown = try await run("config", variables: ["EASYSETUP_RELAY": "wss://me:hunter2@relay.example"])
        #expect(shown.output.contains("relay = wss://relay.example") && shown.code == 78)
        #expect(!(shown.output + shown.errors).contains("hunter2"))
    }
}
