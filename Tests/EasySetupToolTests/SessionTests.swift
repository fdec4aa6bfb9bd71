import Foundation
import TestSupport
import Testing

/// Sessions of people with the program, with their whole screens: the files in `Sessions/`.
///
/// After a change of what the program says, run `EASYSETUP_WRITE_SESSIONS=1 swift test --filter SessionTests`, then
/// `scripts/screenshots`, and read the difference in the files.
@Suite("Sessions", .inTurn, .timeLimit(.minutes(60))) struct SessionTests {
    private static let isWriting = ProcessInfo.processInfo.environment["EASYSETUP_WRITE_SESSIONS"] != nil
    private static let folder = PagesTests.root.appending(path: "Tests/EasySetupToolTests/Sessions")

    @Test("The screens of a session are those of its file", arguments: SessionScript.all, SessionStage.Form.all)
    func screens(script: SessionScript, form: SessionStage.Form) async throws {
        try await play(script, form)
    }

    @Test(
        "The screens of a session with a store for the chain are those of its file",
        .enabled(if: StoreTools.hasStore, StoreTools.hint),
        arguments: SessionScript.ofChains,
        SessionStage.Form.all
    )
    func chainScreens(script: SessionScript, form: SessionStage.Form) async throws {
        try await play(script, form)
    }

    /// Plays a session, and compares its record with its file.
    private func play(_ script: SessionScript, _ form: SessionStage.Form) async throws {
        let file = Self.folder.appending(path: "\(script.name).\(form.name).txt")
        let kept = try? String(contentsOf: file, encoding: .utf8)
        let record = try await record(script, form, kept: Self.isWriting ? nil : kept)
        if Self.isWriting { try record.write(to: file, atomically: true, encoding: .utf8) }
        // Line by line, so that a failure names the lines that differ.
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        #expect(lines == record.components(separatedBy: "\n"))
    }

    /// The record of a session. A session whose texts can't be those of a record is played again.
    private func record(_ script: SessionScript, _ form: SessionStage.Form, kept: String?) async throws -> String {
        while true {
            let stage = try await SessionStage("\(script.title) (\(form.name))", form, kept: kept)
            defer { stage.end() }
            do {
                try await (form == .pipe ? script.piped : script.typed)(stage)
                return stage.record
            } catch is SessionStage.Again {}
        }
    }

    @Test("Every file is that of a session") func files() throws {
        let expected = (SessionScript.all + SessionScript.ofChains).flatMap { script in
            SessionStage.Form.all.map { "\(script.name).\($0.name).txt" }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted() == expected.sorted())
    }

    @Test("The pictures have the texts of their sessions, and docs/screens.md shows each of them")
    func pictures() async throws {
        let names = try PagesTests.text("docs/screens.md").matches(of: /\(pictures\/([\w.-]+)\.svg\)/).map {
            String($0.1)
        }
        let folder = PagesTests.root.appending(path: "docs/pictures").path
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names.map { $0 + ".svg" }.sorted()
        )
        for name in names {
            let session = try PagesTests.text("Tests/EasySetupToolTests/Sessions/\(name).txt")
            let drawn = try PagesTests.text("docs/pictures/\(name).svg").matches(of: /<text[^>]*>(.*)<\/text>/).map {
                String($0.1).replacing(/<[^>]*>/, with: "").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
                    .replacing("&amp;", with: "&")
            }
            #expect(drawn == SessionStage.parts(session).flatMap(Self.shown), "\(name)")
        }
        let check = try await Program.shell("python3 '\(PagesTests.root.path)/scripts/screenshots' --check")
        #expect(check.code == 0, "\(check.errors)")
    }

    /// The lines of a screen in a picture: the caption, and the rows without the empty ends.
    private static func shown(_ part: String) -> [String] {
        let lines = part.split(separator: "\n")
        var rows = lines.filter { $0.hasPrefix("│") }.map { line in
            String(line.dropFirst().dropLast()).replacing(/[ ]+$/, with: "")
        }
        while rows.last == "" { rows.removeLast() }
        return [String(lines[0])] + rows
    }
}
