/// What the lines of a `Forwarded` or `X-Forwarded-For` header say, the right-most entry first (RFC 7239).
///
/// It is read from the end, and no further than asked for: an entry is found and understood by its own bytes alone, so what
/// a client wrote to the left of a proxy's, an open quotation mark say, can't change what the proxy's means.
struct ForwardedEntries: IteratorProtocol {
    enum Entry: Equatable {
        case address(PeerAddress)
        /// `unknown`, an obfuscated name, a socket's path, or nothing that makes sense.
        case noAddress
    }

    private let header: ForwardedHeader
    private let entryBytes: Int
    private var left: Int
    /// Lines not begun; the last comes next.
    private var lines: ArraySlice<String>
    /// What is left of the line that was begun.
    private var rest: ArraySlice<UInt8> = []

    /// The lines in the order they came. Entries beyond the limits' number are as if they were not there, and one beyond
    /// their length gives no address.
    init(lines: [String], of header: ForwardedHeader, limits: ConnectionLimits) {
        self.lines = lines[...]
        self.header = header
        entryBytes = limits.forwardedEntryBytes
        left = limits.forwardedEntries
    }

    /// The next one to the left; nil when there is none, or as many were read as are read at most. Empty entries are skipped, and
    /// count.
    mutating func next() -> Entry? {
        while left > 0 {
            left -= 1
            if rest.isEmpty {
                guard let line = lines.popLast() else { return nil }
                rest = Array(line.utf8)[...]
            }
            guard let bytes = popLastEntry() else { return .noAddress }
            if bytes.isEmpty { continue }
            return address(in: bytes).map(Entry.address) ?? .noAddress
        }
        return nil
    }

    /// Takes the bytes after the last comma. Nil when they are too many or a quotation mark is open, and then it is the end.
    private mutating func popLastEntry() -> ArraySlice<UInt8>? {
        var isQuoted = false
        var start = rest.endIndex
        while start > rest.startIndex, rest.endIndex - start <= entryBytes {
            let byte = rest[start - 1]
            if byte == UInt8(ascii: ","), !isQuoted { break }
            // The older header knows no quotes that could hide a comma.
            if byte == UInt8(ascii: "\""), header == .forwarded, !isEscaped(at: start - 1) { isQuoted.toggle() }
            start -= 1
        }
        let entry = rest[start...]
        guard entry.count <= entryBytes, !isQuoted else {
            left = 0
            return nil
        }
        rest = rest[..<max(start - 1, rest.startIndex)]
        return entry.trimmed
    }

    /// Whether an odd number of backslashes stands before it.
    private func isEscaped(at index: Int) -> Bool {
        rest[..<index].reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }

    private func address(in entry: ArraySlice<UInt8>) -> PeerAddress? {
        switch header {
        case .xForwardedFor: PeerAddress(node: entry)
        case .forwarded: forwardedNode(entry).flatMap(PeerAddress.init(node:))
        }
    }

    /// The value of the one `for` among the pairs of an entry. Nil when there is none, or more: then one of them may be the
    /// client's.
    private func forwardedNode(_ entry: ArraySlice<UInt8>) -> [UInt8]? {
        var node: [UInt8]?
        for pair in entry.splitOutsideQuotes(at: UInt8(ascii: ";")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            guard pair[..<equals].trimmed.elementsEqual("for".utf8, by: { $0 | 0x20 == $1 }) else { continue }
            guard node == nil else { return nil }
            node = pair[(equals + 1)...].trimmed.unquoted
            guard node != nil else { return nil }
        }
        return node
    }
}
