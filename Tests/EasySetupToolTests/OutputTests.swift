import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("Output that can't be written", .inTurn, .timeLimit(.minutes(60))) struct OutputTests {
    let scratch = ScratchFolder()

    /// Runs a line of shell code, in which `$ES` is the program and `$STORE` a store with a seed.
    private func shell(_ line: String) async throws -> Program.Result {
        try await Program.shell("STORE='\(scratch.store)'; cd '\(scratch.path)'; \(line)")
    }

    @Test(
        "The program ends with 74 and a sentence on standard error",
        arguments: [
            "$ES seed show --store $STORE --reveal > /dev/full", "$ES seed show --store $STORE --json >&-",
            "$ES seed new --store other --json > /dev/full", "$ES --help > /dev/full", "$ES --version >&-",
            "$ES seed import --help > /dev/full", "$ES version --json > /dev/full",
            "$ES relay --listen 127.0.0.1:0 > /dev/full", "$ES relay --listen 127.0.0.1:0 --json >&-",
            "$ES demo --pairings 1 > /dev/full",
            // The program writes to a pipe that no process reads any more.
            "mkfifo pipe; exec 3<> pipe 4> pipe; sleep 0 < pipe; exec 3>&-; $ES seed show --store $STORE --reveal >&4",
        ]
    ) func lost(line: String) async throws {
        _ = try await Program.run(["seed", "import", "--store", scratch.store], input: SeedCommandTests.hex)
        let result = try await shell(line)
        #expect(result.code == 74)
        #expect(result.errors.contains("Standard output could not be written"))
        #expect(result.output.isEmpty)
    }

    @Test("An offer whose code nobody can read ends at once with 74", arguments: ["", "--json", "--qr"])
    func offer(option: String) async throws {
        _ = try await Program.run(["seed", "import", "--store", scratch.store], input: SeedCommandTests.hex)
        let result = try await shell(
            """
            $ES relay --listen 127.0.0.1:0 --drain-time 0 --json > relay & trap 'kill %1' EXIT
            until [ -s relay ]; do sleep 0.1; done; PORT=$(sed 's/.*"port":\\([0-9]*\\).*/\\1/' relay)
            $ES offer --yes --store $STORE --relay ws://127.0.0.1:$PORT \(option) > /dev/full < /dev/null
            """
        )
        #expect(result.code == 74)
        #expect(result.errors.contains("Standard output could not be written"))
        #expect(!result.errors.contains("You stopped."))
    }

    @Test("Output that can't be written undoes nothing") func stays() async throws {
        #expect(try await shell("$ES seed new --store $STORE > /dev/full").code == 74)
        #expect(try await Program.run(["seed", "show", "--store", scratch.store]).code == 0)
    }

    @Test("A failure that could not be written as JSON keeps its exit code, and is written to standard error")
    func failure() async throws {
        let result = try await shell("$ES seed show --store none --json > /dev/full")
        #expect(result.code == 66)
        #expect(result.errors.contains("No seed is stored there."))
    }

    @Test(
        "No file of the program's own takes the place of a closed one",
        arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]
    )
    func closed(files: String) async throws {
        let made = try await shell("$ES seed new --store $STORE \(files)")
        #expect(made.code == (files.contains(" >&-") || files.hasPrefix(">") ? 74 : 0))
        for file in try FileManager.default.contentsOfDirectory(atPath: scratch.store) {
            let data = try Data(contentsOf: URL(filePath: scratch.store + "/" + file))
            #expect(data.count == (file == "seed" ? 82 : 0), "\(file)")
        }
    }

    @Test("A terminal or pipe that another program made non-blocking loses nothing") func nonBlocking() async throws {
        let result = try await shell(
            """
            { python3 -c 'import fcntl, os; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)'
              for i in 1 2 3 4 5 6 7 8; do $ES seed --help; $ES --help; done; } | { sleep 2; wc -l; }
            """
        )
        let once = try await shell("{ $ES seed --help; $ES --help; } | wc -l")
        let count = try #require(Int(once.output.filter(\.isNumber)))
        #expect(Int(result.output.filter(\.isNumber)) == 8 * count)
    }

    @Test("The program tells its version and the protocol's", arguments: ["--version", "-V", "version"])
    func version(argument: String) async throws {
        let result = try await Program.run([argument])
        #expect(result.code == 0)
        #expect(result.output == "easysetup 0.1.0, protocol easysetup.v1")
        let told = try await Program.run(["version", "--json"]).json()
        #expect(told["version"] as? String == "0.1.0" && told["protocol"] as? String == "easysetup.v1")
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--json"])
        defer { relay.stop() }
        let listening = try await relay.event("listening")
        #expect(listening["version"] as? String == "0.1.0" && listening["protocol"] as? String == "easysetup.v1")
    }
}
