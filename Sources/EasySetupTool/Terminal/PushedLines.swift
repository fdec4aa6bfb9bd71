/// The lines above those that a stage rewrites, from the first one that a smaller window has pushed out at its top.
///
/// A terminal erases nothing beyond the top of its window, and shows the lines there again when the window grows. Lines
/// that the stage has rewritten meanwhile would then stand above the current ones. So the stage keeps account of them,
/// and erases them once they are in the window. The permanent lines between them are then written again.
struct PushedLines: Equatable {
    private struct Line: Equatable {
        var row: Layout.Row
        /// Whether the line is permanent.
        var isSaid: Bool
    }

    private var lines: [Line] = []

    /// The number of lines that are kept, so that they take bounded memory. No window is so high.
    private static let limit = 1_000

    /// Takes permanent lines that the stage has written. They only matter if a line above them is to be erased.
    mutating func say(_ rows: [Layout.Row]) {
        guard !lines.isEmpty else { return }
        lines = (lines + rows.map { Line(row: $0, isSaid: true) }).suffix(Self.limit)
    }

    /// Takes the window's new size into account.
    /// - Parameters:
    ///   - drawn: the rows below these lines, of which the cursor is in the last.
    ///   - row: the row of the cursor in the window, counted from 1.
    ///   - width: the new width of the window. A wider row takes several lines.
    /// - Returns: the number of lines to erase, up from the cursor's; how many of them, at the window's top, belong to a row
    ///   that began beyond the top; and the permanent rows that are erased and to be written again.
    mutating func resize(
        with drawn: [Layout.Row],
        row: Int,
        width: Int
    ) -> (height: Int, cut: Int, kept: [Layout.Row]) {
        let all = lines + drawn.map { Line(row: $0, isSaid: false) }
        var room = max(1, row)
        var cut = 0
        var count = 0
        for line in all.reversed() {
            guard room > 0 else { break }
            let height = line.row.height(in: width)
            if height > room {
                cut = room
                room = 0
                break
            }
            room -= height
            count += 1
        }
        lines = Array(all.dropLast(count))
        let kept = all.suffix(count).filter(\.isSaid)
        // Without a line to be erased above them, permanent lines need no account.
        if !lines.contains(where: { !$0.isSaid }) { lines = [] } else { lines += kept }
        return (max(1, row) - room, cut, kept.map(\.row))
    }
}
