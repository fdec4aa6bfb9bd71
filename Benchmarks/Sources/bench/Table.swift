/// A table as text: the first column is left-aligned, all others right-aligned.
struct Table {
    var columns: [(name: String, width: Int)]

    var head: String { row(columns.map(\.name)) }

    func row(_ cells: [String]) -> String {
        zip(cells, columns).enumerated().map { index, pair in
            let (cell, column) = pair
            let gap = String(repeating: " ", count: max(0, column.width - cell.count))
            return index == 0 ? cell + gap : gap + cell
        }
        .joined(separator: "  ")
    }
}

/// A number with `places` decimal places, 0 to 2.
func digits(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "?" }
    let scale = places == 0 ? 1.0 : places == 1 ? 10.0 : 100.0
    let rounded = (value * scale).rounded() / scale
    return places == 0 ? "\(Int(rounded))" : "\(rounded)"
}
