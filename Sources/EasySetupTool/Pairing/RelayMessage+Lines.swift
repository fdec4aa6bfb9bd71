import EasySetup

extension Output {
    /// The lines that show a message of the relay's operator.
    func lines(of message: RelayMessage) -> [String] {
        surface.lines(of: message, width: isTerminal ? WindowSize.current.width : nil)
    }
}

extension Surface {
    /// The lines that show a message of the relay's operator. In a window each line of the message has a mark at its
    /// beginning: where a line ends depends on the window, so that a relay could otherwise write a message of which one
    /// line looks like a question or an advice of this program.
    /// - Parameter width: the width of the window; nil for a file or another program.
    func lines(of message: RelayMessage, width: Int?) -> [String] {
        guard let width else { return ["The relay says: \(quoted(message.description))"] }
        let mark = "  | "
        // The last column stays empty. The two invisible characters around each line keep it from changing the direction
        // of the mark, and may take a column each.
        let room = max(1, width - 1 - mark.count - (isUTF8 ? 2 : 0))
        return ["The relay says:"]
            + Columns.fold(shown(message.description), width: room).map { line in
                mark + (isUTF8 ? "\u{2068}\(line)\u{2069}" : line)
            }
    }
}
