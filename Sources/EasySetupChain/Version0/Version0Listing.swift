public import EasySetupSeed

/// A reader of the journal's version 0: takes the names of a store's objects in any order, with repetitions and with other
/// lines between, and makes records of them (`Protocol/version-0.md`, "Reading").
///
/// It is pure, and holds no more than ``Version0Limits/heldBytes``.
///
/// Its pieces go to ``append(_:)``, then ``endLine()`` ends the last line, then ``forEach(key:_:)`` gives the records.
///
/// ``Version0Reading`` does the same for names that are at hand.
public struct Version0Listing: Sendable {
    /// A listing that is larger than a reader may hold.
    public struct TooLarge: Error, Hashable, Sendable {
        /// The limit, ``Version0Limits/heldBytes``.
        public let heldBytes: Int
    }

    /// How many lines had one fault.
    public struct Refused: Hashable, Sendable {
        /// The number of lines.
        public fileprivate(set) var count: Int
        /// The number of the first of them; the first line of the listing has the number 1.
        public let firstLine: Int
    }

    /// The lines that are no part of a record of this chain, by their fault.
    public private(set) var refused: [Version0NameFault: Refused] = [:]

    /// The number of lines so far that are not blank.
    public private(set) var nameCount = 0

    private let user: [UInt8]
    private let limits: Version0Limits
    private var lineNumber = 0
    /// The beginning of a line whose end has not come.
    private var line: [UInt8] = []
    private var lineIsTooLong = false
    private var parts = Version0Parts()

    /// Makes a reader for the names of one chain.
    public init(of userID: UserID, limits: Version0Limits = Version0Limits()) {
        user = Array(userID.base64.utf8)
        self.limits = limits
    }

    /// Adds a piece of a listing with a name on each line. The lines end with LF or CR LF; blank lines, white space around a
    /// name and a byte order mark before the first one are passed over. ``endLine()`` ends a last line without a line end.
    public mutating func append(_ text: Span<UInt8>) throws(TooLarge) {
        var start = 0
        for index in text.indices where text[index] == UInt8(ascii: "\n") {
            keep(text.extracting(start..<index))
            try endLine()
            start = index + 1
        }
        keep(text.extracting(start..<text.count))
    }

    /// Adds a name as a line of its own.
    public mutating func append(name: String) throws(TooLarge) {
        if !line.isEmpty || lineIsTooLong { try endLine() }
        keep(name.utf8Span.span)
        try endLine()
    }

    /// Ends the line that has begun, if there is one.
    public mutating func endLine() throws(TooLarge) {
        lineNumber += 1
        let isTooLong = lineIsTooLong
        let line = self.line
        self.line = []
        lineIsTooLong = false
        guard !isTooLong else {
            nameCount += 1
            return refuse(.tooLong)
        }
        let bounds = Self.name(in: line, isFirst: lineNumber == 1)
        guard !bounds.isEmpty else { return }
        nameCount += 1
        let text = line.span.extracting(bounds)
        do throws(Version0NameFault) {
            let name = try Version0Name(text, user: user)
            let isFull = text.count == Version0Limits.nameBytes
            parts.append(name, text.extracting(name.dataStart..<text.count), isFull: isFull)
        } catch {
            refuse(error)
        }
        guard parts.byteCount <= limits.heldBytes else { throw TooLarge(heldBytes: limits.heldBytes) }
    }

    /// The place of the name in a line, without the white space around it.
    private static func name(in line: [UInt8], isFirst: Bool) -> Range<Int> {
        var bounds = line.indices
        if isFirst, line.starts(with: [0xEF, 0xBB, 0xBF]) { bounds = 3..<line.count }
        while let last = bounds.last, isSpace(line[last]) { bounds = bounds.lowerBound..<last }
        while let first = bounds.first, isSpace(line[first]) { bounds = first + 1..<bounds.upperBound }
        return bounds
    }

    private mutating func keep(_ piece: Span<UInt8>) {
        // Some white space may stand around the longest name.
        let room = 2 * Version0Limits.nameBytes - line.count
        if piece.count > room { lineIsTooLong = true }
        for index in 0..<min(piece.count, room) { line.append(piece[index]) }
    }

    private mutating func refuse(_ fault: Version0NameFault) {
        refused[fault, default: Refused(count: 0, firstLine: lineNumber)].count += 1
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || 0x09...0x0D ~= byte }

    /// Passes the listing's records to a closure, in the order of their times; those of one millisecond by their category,
    /// then by their checksum. So the order does not depend on that of the lines.
    ///
    /// Only the record that the closure has is decoded at a time.
    /// - Parameters:
    ///   - key: the seed's key for records, `SyncSeed.secretboxKey()`.
    ///   - body: gets each record.
    public mutating func forEach<Failure: Error>(
        key: borrowing SecretBytes,
        _ body: (Version0Item) throws(Failure) -> Void
    ) throws(Failure) {
        parts.sort()
        var next = 0
        while let group = parts.group(from: next) {
            next = group.upperBound
            try body(parts.joined(group).item(key))
        }
    }
}

extension Version0Joined {
    fileprivate func item(_ key: borrowing SecretBytes) -> Version0Item {
        let sealed: [UInt8]
        switch result {
        case .success(let bytes): sealed = bytes
        case .failure(let fault): return .unread(Version0Unread(category: category, time: time, fault: fault))
        }
        guard let plaintext = Version0Seal.open(sealed, key) else {
            return .unread(Version0Unread(category: category, time: time, fault: .doesNotOpen))
        }
        return .record(Version0Record(category: category, time: time, plaintext: plaintext))
    }
}
