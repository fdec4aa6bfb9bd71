/// A table of plain text.
struct Table {
    var title: String
    var columns: [String]
    private(set) var rows: [(name: String, cells: [String: String])] = []

    init(_ title: String, columns: [String]) {
        self.title = title
        self.columns = columns
    }

    mutating func put(_ text: String, row: String, column: String) {
        if !rows.contains(where: { $0.name == row }) { rows.append((row, [:])) }
        let index = rows.firstIndex { $0.name == row }!
        rows[index].cells[column] = text
    }

    var text: String {
        let first = rows.map(\.name.count).max() ?? 0
        let widths = columns.map { column in
            max(column.count, rows.map { ($0.cells[column] ?? "").count }.max() ?? 0)
        }
        func line(_ name: String, _ cells: [String]) -> String {
            let padded = zip(cells, widths).map { Self.pad($0, $1) }
            return ([Self.pad(name, first)] + padded).joined(separator: "  ")
        }
        let head = line("", columns)
        let body = rows.map { row in line(row.name, columns.map { row.cells[$0] ?? "" }) }
        return ([title, head] + body).joined(separator: "\n")
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
