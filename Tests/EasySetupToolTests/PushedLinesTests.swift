import Testing

@testable import EasySetupTool

@Suite("Lines that a smaller window has pushed out") struct PushedLinesTests {
    private func rows(_ widths: Int...) -> [Layout.Row] {
        widths.map { Layout.Row(text: String(repeating: "x", count: $0), width: $0) }
    }

    @Test("No lines are kept while all lines are in the window") func whole() {
        var lines = PushedLines()
        #expect(lines.resize(with: rows(30, 10), row: 5, width: 40) == (2, 0, []))
        #expect(lines.resize(with: rows(30, 10), row: 5, width: 10) == (4, 0, []))
        #expect(lines == PushedLines())
    }

    @Test(
        "Pushed lines are erased once they are in the window again, and permanent lines between them are written again"
    )
    func again() {
        var lines = PushedLines()
        // The first row takes three lines, of which two are beyond the top: the third has to follow them.
        #expect(lines.resize(with: rows(30, 10), row: 2, width: 10) == (2, 1, []))
        lines.say(rows(7))
        // The window is large again, and has the pushed row, the permanent one and the one that is drawn.
        #expect(lines.resize(with: rows(20), row: 9, width: 40) == (3, 0, rows(7)))
        #expect(lines == PushedLines())
    }

    @Test("Pushed lines stay known while they are not in the window") func beyond() {
        var lines = PushedLines()
        #expect(lines.resize(with: rows(8, 8, 8), row: 1, width: 10) == (1, 0, []))
        lines.say(rows(5))
        #expect(lines.resize(with: rows(9), row: 1, width: 10) == (1, 0, []))
        #expect(lines.resize(with: rows(6), row: 4, width: 10) == (4, 0, rows(5)))
        #expect(lines.resize(with: rows(6), row: 4, width: 10) == (1, 0, []))
        #expect(lines == PushedLines())
    }

    @Test("Permanent lines alone need no account") func permanent() {
        var lines = PushedLines()
        lines.say(rows(5))
        #expect(lines == PushedLines())
    }
}

private func == (
    one: (height: Int, cut: Int, kept: [Layout.Row]),
    other: (height: Int, cut: Int, kept: [Layout.Row])
) -> Bool {
    one.height == other.height && one.cut == other.cut && one.kept == other.kept
}
