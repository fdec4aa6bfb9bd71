import Foundation
import TestSupport
import Testing

/// File systems that lack a system call. The tool `strace` makes the call fail in place of such a file system.
@Suite("Stores with a fault", .inTurn, .timeLimit(.minutes(60))) struct StoreCheckTests {
    let scratch = ScratchFolder()

    /// A system call that fails with this error, and the name of the program's error; nil if the program stores the
    /// seed nevertheless.
    struct Lack: CustomTestStringConvertible, Sendable {
        let call: String
        let error: String
        var when = "1+"
        let name: String?

        var testDescription: String { "\(call) fails with \(error), \(when)" }
    }

    static let lacks: [Lack] = [
        // The calls of `fsync` for a new store: the trial syncs its file (1) and the folder (2). The saving syncs the
        // parent folder (3), the seed's file (4) and the folder (5).
        Lack(call: "fsync", error: "EINVAL", when: "2", name: nil),
        Lack(call: "fsync", error: "EOPNOTSUPP", when: "2", name: nil),
        Lack(call: "fsync", error: "EPERM", when: "3", name: nil),
        Lack(call: "fsync", error: "EINVAL", when: "5", name: nil),
        Lack(call: "fsync", error: "EINVAL", name: "store-unsuitable"),
        Lack(call: "fsync", error: "EIO", name: "store-failed"),
        Lack(call: "fchmod", error: "EPERM", name: nil), Lack(call: "fchmod", error: "EOPNOTSUPP", name: nil),
        Lack(call: "flock", error: "ENOLCK", name: "store-unsuitable"),
        Lack(call: "flock", error: "ENOSYS", name: "store-unsuitable"),
        Lack(call: "renameat", error: "EINVAL", name: "store-unsuitable"),
        Lack(call: "renameat", error: "EPERM", name: "store-forbidden"),
        Lack(call: "mkdir", error: "EROFS", name: "store-read-only"),
        Lack(call: "mkdir", error: "EACCES", name: "store-forbidden"),
        Lack(call: "mkdir", error: "ENOSPC", name: "store-full"),
        Lack(call: "mkdir", error: "EDQUOT", name: "store-full"),
    ]

    @Test(
        "A call that a file system lacks is left out where the seed is safe, or named before a seed is asked for",
        arguments: lacks
    )
    func lacking(lack: Lack) async throws {
        let trace = [
            "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(lack.call)", "-e",
            "inject=\(lack.call):error=\(lack.error)\(lack.when == "1+" ? "" : ":when=\(lack.when)")",
        ]
        let run = try Running(
            trace + [Program.path, "seed", "import", "--store", scratch.store, "--json"],
            of: "/usr/bin/strace"
        )
        run.type(SeedCommandTests.hex)
        run.endInput()
        let code = await run.end()
        let output = await run.output()
        if let name = lack.name {
            #expect(code != 0)
            #expect(output.contains("\"error\":\"\(name)\""), "\(output)")
            #expect(!FileManager.default.fileExists(atPath: scratch.store + "/seed"))
        } else {
            #expect(code == 0, "\(output)")
            let shown = try await Program.run(["seed", "show", "--store", scratch.store, "--json"])
            #expect(try shown.json()["user_id"] as? String == SeedCommandTests.userID)
        }
    }

    @Test(
        "The error of a relay's key file that can't be made names the disk's fault",
        arguments: [
            ("ENOSPC", "the disk is full"), ("EDQUOT", "the disk is full"), ("EROFS", "the file system is read-only"),
        ]
    )
    func keyFile(error: String, words: String) async throws {
        let key = scratch.path + "/key"
        let run = try Running(
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=\(error)"]
                + [Program.path, "relay", "--listen", "127.0.0.1:0", "--key-file", key, "--json"],
            of: "/usr/bin/strace"
        )
        run.endInput()
        #expect(await run.end() == 78)
        let output = await run.output()
        #expect(output.contains("\"bad-key-file\"") && output.contains(words), "\(output)")
        #expect(!FileManager.default.fileExists(atPath: key))
    }

    @Test("A device without a seed tries its store before it connects", arguments: ["join", "offer"])
    func early(command: String) async throws {
        // Nothing listens at port 9, so a program that connects ends with another error.
        let arguments = [command, "--relay", "ws://127.0.0.1:9", "--json"] + (command == "join" ? ["K7Q-29M-XAQ"] : [])
        for (store, error) in [
            (scratch.path + "/none/store", "store-missing"), ("/proc/store", "store-forbidden"),
            ("/proc/self/x", "store-forbidden"),
        ] {
            let result = try await Program.run(arguments + ["--store", store])
            #expect(result.output.contains("\"error\":\"\(error)\""), "\(store): \(result.output)")
            #expect(result.lines.count == 1, "\(result.output)")
        }
    }

    @Test("The user is asked nothing where the store can't be written", arguments: [["join"], ["seed", "import"]])
    func unasked(command: [String]) async throws {
        let relay = command == ["join"] ? ["--relay", "ws://127.0.0.1:9"] : []
        let run = try Running(command + relay + ["--store", scratch.path + "/none/store"])
        defer { run.stop() }
        // Standard input stays open, but nothing comes, so a program that asks would wait for ever.
        #expect(await run.end() == 73)
        #expect(await !run.errors().contains("Code on the other screen"))
    }

    @Test("A trial of the store leaves nothing behind") func clean() async throws {
        let failed = try await Program.run(
            ["join", "--relay", "ws://127.0.0.1:9", "--store", scratch.store, "--json", "K7Q-29M-XAQ"]
        )
        #expect(failed.code == 20)
        #expect(!FileManager.default.fileExists(atPath: scratch.store))
    }
}
