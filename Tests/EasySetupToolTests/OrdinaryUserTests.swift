import Foundation
import TestSupport
import Testing

/// The program run by a user other than root. A call that works for root may fail for others: setting a socket's
/// option, reading a file. Tests often run as root, so they change the user for this.
@Suite("easysetup, run by an ordinary user", .inTurn, .timeLimit(.minutes(60))) struct OrdinaryUserTests {
    @Test("lets two devices pair through a relay") func demo() async throws {
        let folder = ScratchFolder()
        let demo = ["demo", "--pairings", "2", "--json"]
        let running = try await getuid() == 0 ? Self.asNobody(demo, in: folder) : Running(demo)
        running.endInput()
        let code = await running.end()
        let (output, errors) = await (running.output(), running.errors())
        #expect(code == 0, "\(errors)")
        #expect(output.contains("\"paired\""))
    }

    /// The user with this number may do what everybody may, and owns nothing.
    private static let nobody = "65534"

    /// Runs a copy of the program that everybody may read, with the libraries of Swift's beside it, where it looks for them.
    private static func asNobody(_ arguments: [String], in folder: ScratchFolder) async throws -> Running {
        let files = FileManager.default
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let program = folder.path + "/easysetup"
        try files.copyItem(atPath: Program.path, toPath: program)
        let list = try Running([program], of: find("ldd"))
        #expect(await list.end() == 0)
        for line in await list.output().split(separator: "\n") {
            // "libswiftCore.so => /opt/swift/.../libswiftCore.so (0x...)"; the system's own are everybody's.
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

    /// Finds a tool, and fails where it is missing, because the test would prove nothing if it ran as root.
    private static func find(_ tool: String) throws -> String {
        let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        return try #require(
            folders.map { "\($0)/\(tool)" }.first(where: FileManager.default.isExecutableFile),
            "\(tool) is missing"
        )
    }
}
