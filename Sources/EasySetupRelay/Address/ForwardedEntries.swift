/// Iterates over the entries of a `Forwarded` or `X-Forwarded-For` header, the right-most entry first (RFC 7239).
///
/// Parsing starts at the end of the header, and stops when the caller stops. Each entry is parsed from its own bytes
/// alone. So text that a client wrote to the left of a proxy's entry (an open quotation mark, for example) can't change
/// that entry.
struct ForwardedEntries: IteratorProtocol {
    enum Entry: Equatable {
        case address(PeerAddress)
        /// This entry of the header contains no IP address: it is `unknown`, an obfuscated name, a socket's path, or
        /// invalid text.
        case noAddress
    }

    private let header: ForwardedHeader
    private let entryBytes: Int
    private var left: Int
    /// The header lines that have not been read yet. The iteration reads the last of them next.
    private var lines: ArraySlice<String>
    /// The unread part of the current header line.
    private var rest: ArraySlice<UInt8> = []

    /// Iterates over `lines`, which are in the order of the request. Entries beyond the limit `forwardedEntries` are
    /// ignored. An entry longer than `forwardedEntryBytes` counts as one without an address.
    init(lines: [String], of header: ForwardedHeader, limits: ConnectionLimits) {
        self.lines = lines[...]
        self.header = header
        entryBytes = limits.forwardedEntryBytes
        left = limits.forwardedEntries
    }

    /// Returns the header's next entry, from right to left. Nil when no entry is left, or when the limit of entries is
    /// reached. Empty entries are skipped, but count toward the limit.
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

    /// Removes and returns the last entry of the current header line: the bytes after the line's last comma. Nil when
    /// the entry is too long or contains an open quotation mark; ``next()`` then returns no entry after this one.
    private mutating func popLastEntry() -> ArraySlice<UInt8>? {
        var isQuoted = false
        var start = rest.endIndex
        while start > rest.startIndex, rest.endIndex - start <= entryBytes {
            let byte = rest[start - 1]
            if byte == UInt8(ascii: ","), !isQuoted { break }
            // `X-Forwarded-For` has no quoted strings, so a comma between quotation marks separates entries too.
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

    /// Whether an odd number of backslashes precedes the byte at `index`, so that the last backslash escapes this byte.
    private func isEscaped(at index: Int) -> Bool {
        rest[..<index].reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }

    private func address(in entry: ArraySlice<UInt8>) -> PeerAddress? {
        switch header {
        case .xForwardedFor: PeerAddress(node: entry)
        case .forwarded: forwardedNode(entry).flatMap(PeerAddress.init(node:))
        }
    }

    /// The value of an entry's `for` parameter. Nil when there is none or more than one, because the client may have
    /// written one of several.
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
