import Foundation
import TestSupport
import Testing

/// The program, run by a user other than root. A call that works for root may fail for other users: setting an option
/// of a socket, or reading a file. Tests often run as root, so these tests change the user.
@Suite("The program, run by an ordinary user", .inTurn, .timeLimit(.minutes(60))) struct OrdinaryUserTests {
    @Test("Two devices of an ordinary user pair through a relay") func demo() async throws {
        let folder = ScratchFolder()
        let demo = ["demo", "--pairings", "2", "--json"]
        let running = try await getuid() == 0 ? Self.asNobody(demo, in: folder) : Running(demo)
        running.endInput()
        let code = await running.end()
        let (output, errors) = await (running.output(), running.errors())
        #expect(code == 0, "\(errors)")
        #expect(output.contains("\"paired\""))
    }

    /// The number of a user who owns nothing, and who may do only what everybody may.
    private static let nobody = "65534"

    /// Runs a copy of the program as `nobody`. The copy, and those of Swift's libraries, are in a folder that everybody
    /// may read.
    private static func asNobody(_ arguments: [String], in folder: ScratchFolder) async throws -> Running {
        let files = FileManager.default
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let program = folder.path + "/easysetup"
        try files.copyItem(atPath: Program.path, toPath: program)
        let list = try Running([program], of: find("ldd"))
        #expect(await list.end() == 0)
        for line in await list.output().split(separator: "\n") {
            // A line is such as "libswiftCore.so => /opt/swift/.../libswiftCore.so (0x...)". The system's own libraries
            // need no copy, because everybody may read them.
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 3, words[1] == "=>", !words[2].hasPrefix("/lib"), !words[2].hasPrefix("/usr/lib/")
            else { continue }
            let copy =
                folder.path + "/" + URL(filePath: words[0].trimmingCharacters(in: .whitespaces)).lastPathComponent
            try files.copyItem(at: URL(filePath: words[2]).resolvingSymlinksInPath(), to: URL(filePath: copy))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy)
        }
        let user = ["--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups"]
        return try Running(
            user + ["/usr/bin/env", "LD_LIBRARY_PATH=\(folder.path)", program] + arguments,
            of: find("setpriv")
        )
    }

    /// Finds a tool. The test fails without it, because as root it would prove nothing.
    private static func find(_ tool: String) throws -> String {
        let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        return try #require(
            folders.map { "\($0)/\(tool)" }.first(where: FileManager.default.isExecutableFile),
            "\(tool) is missing"
        )
    }
}
