import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The arguments of the program", .inTurn, .timeLimit(.minutes(60))) struct ArgumentsTests {
    let scratch = ScratchFolder()

    static let secrets = [
        "K7Q-29M-XAQ", "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GC", "winner",
        "legal winner thank year", SeedCommandTests.hex,
    ]

    @Test(
        "No message repeats an argument that may be a secret",
        arguments: [
            ["join", "--store", "x", "K7Q", "?"], ["join", "--store", "x", "--code", "?"],
            ["join", "--store", "x", "--code=?"], ["join", "--store", "x", "--?"], ["join", "?", "--store"],
            ["join", "--store", "x", "--log-level", "?"], ["join", "--store", "x", "--yes=?"],
            ["offer", "--store", "x", "?"], ["offer", "?", "?"], ["seed", "import", "?"], ["seed", "?"],
            ["chain", "?"], ["chain", "import-v0", "?", "?"], ["chain", "import-v0", "--?"],
            ["seed", "show", "--store", "x", "--passphrase", "?"], ["?"], ["--?"], ["demo", "?"],
            ["seed", "import", "--store", "x", "legal", "?"], ["version", "?"],
            ["relay", "--listen", "?"], ["relay", "--listen=?"], ["relay", "--listen", "127.0.0.1:0", "?"],
            ["relay", "--listen", "127.0.0.1:0", "--limit", "?"], ["relay", "--listen", "127.0.0.1:0", "--limit=?=1"],
            ["relay", "--listen", "127.0.0.1:0", "--cores", "?"], ["relay", "--trusted-proxy", "?"],
            ["relay", "--forwarded-header", "?", "--listen", "127.0.0.1:0"], ["demo", "--pairings", "?"],
            ["demo", "--pairings=?=1"], ["offer", "--qr=?=1"],
        ]
    ) func silent(arguments: [String]) async throws {
        for (number, secret) in Self.secrets.enumerated() {
            let filled = arguments.map { $0.replacing("?", with: secret) }
            // The message is the same in both forms, so one secret is enough for the second.
            for form in number == 0 ? [[], ["--json"]] : [[]] {
                let result = try await Program.run(filled + form)
                #expect(result.code == 64, "\(filled)")
                #expect(!result.errors.isEmpty)
                for part in [secret, String(secret.dropFirst(2)), String(secret.dropLast(2))] {
                    #expect(!result.errors.contains(part) && !result.output.contains(part), "\(filled)")
                }
            }
        }
    }

    @Test("A mistyped option is still named by its place") func named() async throws {
        let result = try await Program.run(["join", "--store", "x", "--naem", "y"])
        #expect(result.code == 64)
        #expect(result.errors.contains("argument 4"))
        let relay = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--limit", "connections=many"])
        #expect(relay.code == 64)
        #expect(relay.errors.contains("(argument 5) is invalid for '--limit <name=value>'"))
        let twice = try await Program.run(
            ["relay", "--listen", "127.0.0.1:0", "--limit", "rooms=5", "--limit", "connections=500", "--limit=rooms=6"]
        )
        #expect(twice.code == 64)
        #expect(twice.errors.contains("--limit sets rooms more than once."))
        let memory = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--memory", "99999999999"])
        #expect(memory.code == 64)
        #expect(memory.errors.contains("--memory is 128 to 1048576 MiB."))
        // A value that is also a word of the help does not hide the message.
        let folder = try await Program.run(["join", "--store", "store", "--naem", "y"])
        #expect(folder.errors.contains("argument 4"))
    }

    @Test(
        "A slip is named, and no option of another meaning is suggested",
        arguments: [
            (["join", "--code", "K7Q-29M-XAQ"], "stands alone"), (["join", "--code=K7Q-29M-XAQ"], "stands alone"),
            (["join", "\u{2014}store", "x"], "Argument 2 does not begin with two hyphens: write --store."),
            (["join", "\u{2013}store=x"], "write --store."), (["offer", "\u{2212}\u{2212}json"], "write --json."),
            (["seed", "show", "-store", "x"], "Argument 3 does not begin with two hyphens: write --store."),
            (["seed", "show", "--json=1"], "--json takes no value."), (["offer", "--yes="], "--yes takes no value."),
            (["seed", "new", "--store", ""], "The value of --store is empty."),
            (["seed", "new", "--store="], "The value of --store is empty."),
            (["join", "K7Q-29M", "XAQ"], "in one piece"), (["join", "--naem", "x"], "Did you mean '--name'?"),
            (["join", "--relya", "x"], "Did you mean '--relay'?"),
        ]
    ) func slips(arguments: [String], message: String) async throws {
        let result = try await Program.run(arguments)
        #expect(result.code == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(message.contains("Did you mean") || !result.errors.contains("Did you mean"), "\(result.errors)")
        #expect(!result.errors.contains("XAQ"), "\(result.errors)")
    }

    @Test("An unknown option is not taken for one with another meaning") func guesses() async throws {
        for arguments in [["seed", "new", "--seed", "x"], ["join", "--word", "x"], ["seed", "new", "--core", "x"]] {
            let result = try await Program.run(arguments)
            #expect(result.code == 64)
            #expect(!result.errors.contains("Did you mean"), "\(result.errors)")
        }
    }

    @Test("A code may be written in its groups, as it is on the screen") func groups() async throws {
        for (pieces, error) in [
            (["K7Q", "29M", "XAQ"], "relay-unreachable"), (["k", "7Q2", "-", "9MXA", "Q"], "relay-unreachable"),
            (["K7Q", "29M", "XAR"], "code-mistyped"),
        ] {
            let result = try await Program.run(
                ["join"] + pieces + ["--relay", "ws://127.0.0.1:9", "--store", scratch.store, "--json"]
            )
            #expect(result.output.contains("\"\(error)\""), "\(pieces) \(result.output)")
        }
    }

    @Test("A code or link by argument is a user's text, and no error of its reading repeats a part of it")
    func typed() async throws {
        let (phrase, hex) = (Self.secrets[3], Self.secrets[4])
        for text in [
            phrase, hex, "\u{41A}7Q-29M-XAQ", "Code: K7Q-29M-XAQ", "K7Q-29M", "easysetup-seed:1/K7Q29MXAQ",
            "K7Q-29M-XAQ=K7Q",
            "easysetup://user:pass@relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GC",
            "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3G", "https://relay.example/K7Q29MXAQ",
        ] {
            for form in [["--json"], []] {
                let arguments = ["join", "--relay", "ws://127.0.0.1:1", "--store", scratch.store, "--yes"] + form
                for result in [
                    try await Program.run(arguments + ["--", text]),
                    try await Program.run(arguments, input: text + "\n"),
                ] {
                    #expect(result.code != 0 && result.code < 100, "\(text)")
                    for part in text.split(whereSeparator: { " :/@#=".contains($0) }) where part.count > 4 {
                        guard !part.hasPrefix("easysetup"), part != "https" else { continue }
                        #expect(!(result.errors + result.output).contains(part), "\(text)")
                    }
                }
            }
        }
    }

    @Test("A code or link is removed from what other users see of the process", arguments: [secrets[0], secrets[1]])
    func cmdline(secret: String) async throws {
        let (visits, visit) = AsyncStream.makeStream(of: Void.self)
        try await Impostor.silent.run(connected: { visit.yield() }) { port in
            let url = "ws://127.0.0.1:\(port)"
            let link = secret.replacing("relay.example:443", with: "127.0.0.1:\(port)")
                .replacing("easysetup:", with: "easysetup+plain:")
            let join = try Running(["join", "--store", scratch.store, link, "--relay", url, "--json", "--yes"])
            defer { join.stop() }
            for await _ in visits { break }
            // The program has connected to the relay, so it has read its arguments before.
            let seen = try Data(contentsOf: URL(filePath: "/proc/\(join.pid)/cmdline"))
            let text = String(decoding: seen, as: UTF8.self)
            #expect(text.contains("join") && text.contains(scratch.store) && text.contains(url))
            #expect(!text.contains(link) && !text.contains("K7Q"))
        }
    }

    @Test("A second value is refused for an option that takes one, and not for one that takes several")
    func repeats() async throws {
        for arguments in [
            ["join", "--relay", "ws://a", "--relay", "ws://b", "--store", "x", "K7Q"],
            ["seed", "show", "--store", "x", "--store", "x"], ["seed", "show", "--store=x", "--store", "y"],
            ["relay", "--listen", "127.0.0.1:0", "--key-file", "a", "--key-file=b"],
            ["offer", "--relay", "a", "--store", "x", "--name", "a", "--name", "b"],
        ] {
            let result = try await Program.run(arguments)
            #expect(result.code == 64)
            #expect(result.errors.contains("is given twice"), "\(arguments)")
        }
        let contrary = try await Program.run(["offer", "--relay", "ws://a", "--store", "x", "--qr", "--no-qr"])
        #expect(contrary.code == 64 && contrary.errors.contains("--no-qr"), "\(contrary.errors)")
        let several = [
            "relay", "--limit", "a=1", "--limit", "b=2", "--origin", "x", "--origin", "y", "--json", "--json",
        ]
        // An argument after `--` is no option, and the value of an option is none either.
        let values = [["join", "--store", "x", "--", "--store", "y"], ["seed", "show", "--store", "--store"]]
        for arguments in values + [several] {
            let seen = Arguments(arguments, for: EasySetupCommand.self)
            #expect(throws: Never.self) { try seen.refuseRepeats() }
        }
    }

    @Test("Every option in the help is known by its kind") func options() throws {
        for command in Self.commands(EasySetupCommand.self) {
            let names = OptionNames(of: command)
            let help = EasySetupCommand.helpMessage(for: command, columns: 400)
            for match in help.matches(of: /\n  (?:-[a-zA-Z], )?(--[a-z-]+)((?:\/--[a-z-]+)*)( <[^>]+>)?/) {
                let isValued = match.3 != nil
                #expect(names.valued.contains(String(match.1)) == isValued, "\(command) \(match.1)")
                #expect(names.flags.contains(String(match.1)) != isValued, "\(command) \(match.1)")
            }
        }
    }

    private static func commands(_ type: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        [type] + type.configuration.subcommands.flatMap(commands)
    }

    @Test("A path's bytes come through the parser unchanged") func paths() throws {
        for bytes: [UInt8] in [
            Array("a/b".utf8), [0xFF], [0x61, 0xC3, 0x28, 0xE2, 0x82], Array("é😀".utf8), [0xF4, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x8F, 0xBE, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xC0, 0x80], Array(0x80...0xFF),
        ] {
            #expect(PathArgument(argument: PathArgument.text(of: bytes)).bytes == bytes)
        }
        #expect(PathArgument.text(of: Array("é😀 ü/x".utf8)) == "é😀 ü/x")
    }

    @Test("A relay's files may have paths that are no UTF-8, and a key file is made there") func oddRelay() async throws
    {
        let run = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'; P=$(printf 'r\\xffl'); mkdir -m 700 "$P"
            timeout -s TERM 20 "$ES" relay --listen 127.0.0.1:0 --drain-time 0 --key-file "$P/relay.key" > out & 
            until [ -s out ]; do sleep 0.1; done; kill %1; wait %1 || true
            test -s "$P/relay.key"
            """
        )
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test("Replaced files at such paths are read at SIGHUP, and the file of --ca-file is read") func oddReload()
        async throws
    {
        let run = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'; P=$(printf 'c\\xffrt\\xe9'); K=$(printf 'k\\xffy'); T=$(printf 't\\xffk')
            make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \\
                -addext subjectAltName=IP:127.0.0.1 -keyout "$1.key" -out "$1.pem" 2> /dev/null; }
            make one; make two; cp one.pem "$P"; cp one.key "$K"; openssl rand -hex 32 > "$T"; chmod 600 "$K" "$T"
            "$ES" relay --listen 127.0.0.1:0 --drain-time 0 --json --tls-certificate "$P" --tls-key "$K" --key-file "$T" \\
                > out 2> log &
            trap 'kill %1' EXIT
            until [ -s out ]; do sleep 0.1; done
            PORT=$(sed 's/.*"port":\\([0-9]*\\).*/\\1/' out)
            mv two.pem "$P"; cp two.key "$K"; rm "$T"; openssl rand -hex 32 > "$T"; chmod 600 "$T"; kill -HUP %1
            until [ "$(grep -c 'read anew' log)" = 2 ]; do grep 'not changed' log && exit 9; sleep 0.1; done
            openssl s_client -connect 127.0.0.1:$PORT < /dev/null 2> /dev/null | grep 'CN *= *two' > /dev/null
            "$ES" seed new --store s > /dev/null
            timeout 60 "$ES" offer --yes --store s --relay wss://127.0.0.1:$PORT --ca-file "$P" --json < /dev/null > offer &
            until grep -q offered offer || grep failed offer >&2; do sleep 0.1; done; kill %2
            grep -q offered offer
            rm "$T"; kill -HUP %1; until grep -q 'cause=missing' log; do sleep 0.1; done
            """
        )
        #expect(run.code == 0, "\(run.output) \(run.errors)")
    }

    @Test("Paths that are no UTF-8 work") func odd() async throws {
        let run = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'; P=$(printf 'st\\xffre'); F=$(printf '\\xe9pw')
            printf 'open sesame\\n' > "$F"; chmod 600 "$F"
            "$ES" seed new --store "$P" --passphrase-file "$F"; test -f "$P/seed"
            "$ES" seed show --store "$P" --passphrase-file "$F"
            """
        )
        #expect(run.code == 0, "\(run.errors)")
    }
}
