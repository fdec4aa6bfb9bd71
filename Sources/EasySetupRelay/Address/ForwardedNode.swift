/// The syntax of `Forwarded` and `X-Forwarded-For` entries (RFC 7239, 4 and 6). `X-Forwarded-For` has no standard;
/// proxies write ports and brackets into it too, so both headers are read alike.
extension PeerAddress {
    /// Parses the address of a node: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or
    /// `[2001:db8::1]:4711`, each with or without quotation marks. Nil for anything else: `unknown`, `_hidden`,
    /// `unix:`, and invalid text.
    init?(node: some Collection<UInt8>) {
        guard let node = Array(node)[...].unquoted?[...] else { return nil }
        if node.first == UInt8(ascii: "[") {
            guard let end = node.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let inside = node[..<end].dropFirst()
            guard inside.contains(UInt8(ascii: ":")), Self.isPort(node[(end + 1)...]) else { return nil }
            self.init(text: inside)
        } else if node.count(where: { $0 == UInt8(ascii: ":") }) == 1,
            let colon = node.firstIndex(of: UInt8(ascii: ":"))
        {
            guard Self.isPort(node[colon...]) else { return nil }
            self.init(text: node[..<colon])
        } else {
            self.init(text: node)
        }
    }

    /// Whether the text after an address is empty, or a colon and a port. A port has up to five digits, or is a name
    /// after an underscore (RFC 7239).
    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        guard let colon = text.first else { return true }
        let port = text.dropFirst()
        guard colon == UInt8(ascii: ":"), let first = port.first else { return false }
        if first == UInt8(ascii: "_") { return port.count > 1 && port.allSatisfy(nameBytes.contains) }
        return port.count <= 5 && port.allSatisfy(digits.contains)
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    private static let nameBytes = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-".utf8)
}

extension ArraySlice<UInt8> {
    /// The bytes without leading and trailing spaces and tabs.
    var trimmed: ArraySlice {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return ArraySlice(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    /// The content of a quoted string; the bytes unchanged if they contain no quotation mark. Nil when a quotation mark
    /// is in the wrong place.
    var unquoted: [UInt8]? {
        let quote = UInt8(ascii: "\"")
        guard first == quote else { return contains(quote) ? nil : Array(self) }
        var plain: [UInt8] = []
        var isEscaped = false
        for (index, byte) in zip(indices, self).dropFirst() {
            if isEscaped {
                plain.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == quote {
                return index == endIndex - 1 ? plain : nil
            } else {
                plain.append(byte)
            }
        }
        return nil
    }

    /// The parts between the separators. A separator in a quoted string does not count.
    func splitOutsideQuotes(at separator: UInt8) -> [ArraySlice] {
        var isQuoted = false
        var isEscaped = false
        return split(omittingEmptySubsequences: false) { byte in
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else {
                return byte == separator && !isQuoted
            }
            return false
        }
    }
}
