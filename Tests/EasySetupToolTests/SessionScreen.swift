import Foundation

/// A screen of a terminal, as a session's file has it: every row with its width, and the parts that are not plain.
struct SessionScreen {
    enum Style: String, CaseIterable {
        case plain, bold
        case paper = "black on white"
    }

    struct Cell: Equatable {
        var character: Character
        var style = Style.plain
    }

    private var rows: [[Cell]]
    private let width: Int

    /// - Parameter styled: what tmux captured, with the escape sequences for colours and bold text.
    init(styled: String, width: Int, height: Int) throws {
        self.width = width
        rows = []
        var style = Style.plain
        for line in styled.components(separatedBy: "\n") {
            var row: [Cell] = []
            var rest = Substring(line)
            while let next = rest.first {
                if next == "\u{1B}" {
                    guard let match = rest.prefixMatch(of: /\x1B\[([0-9;]*)m/) else {
                        throw UnknownSequence(line: line)
                    }
                    for code in match.1.split(separator: ";", omittingEmptySubsequences: false) {
                        style = try Self.style(code, after: style, in: line)
                    }
                    rest = rest[match.range.upperBound...]
                } else {
                    // Marks around a device's name set the direction of its text. They take no column.
                    if !("\u{2066}"..."\u{2069}").contains(next) { row.append(Cell(character: next, style: style)) }
                    rest = rest.dropFirst()
                }
            }
            rows.append(row)
        }
        // The capture ends with a line feed.
        if rows.last?.isEmpty == true { rows.removeLast() }
        while rows.count < height { rows.append([]) }
        for index in rows.indices { fill(index) }
    }

    struct UnknownSequence: Error { let line: String }

    private static func style(_ code: Substring, after style: Style, in line: String) throws -> Style {
        switch code {
        case "", "0", "22", "49": .plain
        case "1": .bold
        case "107": .paper
        case "30", "39": style
        default: throw UnknownSequence(line: line)
        }
    }

    private mutating func fill(_ row: Int) {
        let missing = width - rows[row].count
        if missing > 0 { rows[row] += Array(repeating: Cell(character: " "), count: missing) }
        if missing < 0 { rows[row].removeLast(-missing) }
    }

    /// Replaces a text by another one of the same width wherever it is, also where the terminal has broken it.
    mutating func replace(_ text: String, by other: String) {
        precondition(text.count == other.count && !text.isEmpty)
        var cells = Array(rows.joined())
        let (old, new) = (Array(text), Array(other))
        var start = 0
        while start + old.count <= cells.count {
            if old.indices.allSatisfy({ cells[start + $0].character == old[$0] }) {
                for index in new.indices { cells[start + index].character = new[index] }
                start += old.count
            } else {
                start += 1
            }
        }
        for row in rows.indices { rows[row] = Array(cells[row * width..<(row + 1) * width]) }
    }

    /// Replaces what fits the pattern in each row. The new text may have another width.
    mutating func replace(_ pattern: Regex<Substring>, by other: String) {
        for row in rows.indices {
            let text = String(rows[row].map(\.character))
            for match in text.matches(of: pattern).reversed() {
                let start = text.distance(from: text.startIndex, to: match.startIndex)
                let count = match.output.count
                let style = rows[row][start].style
                rows[row].replaceSubrange(start..<start + count, with: other.map { Cell(character: $0, style: style) })
            }
            fill(row)
        }
    }

    /// The screen in a frame, and below it the ranges of rows and columns that are not plain, counted from 1.
    var text: String {
        let edge = String(repeating: "─", count: width)
        var text = "┌\(edge)┐\n"
        for row in rows { text += "│" + String(row.map(\.character)) + "│\n" }
        text += "└\(edge)┘\n"
        for style in Style.allCases where style != .plain {
            var spans: [(rows: ClosedRange<Int>, columns: ClosedRange<Int>)] = []
            for (index, row) in rows.enumerated() {
                for columns in Self.runs(of: style, in: row) {
                    if let last = spans.lastIndex(where: { $0.columns == columns && $0.rows.upperBound == index }) {
                        spans[last].rows = spans[last].rows.lowerBound...index + 1
                    } else {
                        spans.append((index + 1...index + 1, columns))
                    }
                }
            }
            for span in spans {
                text += "\(style.rawValue): rows \(Self.text(span.rows)), columns \(Self.text(span.columns))\n"
            }
        }
        return text
    }

    /// The ranges of columns with this style, counted from 1.
    private static func runs(of style: Style, in row: [Cell]) -> [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        for (index, cell) in row.enumerated() where cell.style == style {
            if let last = runs.last, last.upperBound == index {
                runs[runs.count - 1] = last.lowerBound...index + 1
            } else {
                runs.append(index + 1...index + 1)
            }
        }
        return runs
    }

    private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)-\(range.upperBound)" }
}
