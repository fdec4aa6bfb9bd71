/// The parts of records, as names of a listing tell them, in any order. They are sorted once, so that the parts of one
/// record stand side by side, and records in the order of their times.
struct Version0Parts: Sendable {
    /// A part of a record. Its text stands in ``texts``.
    private struct Part {
        let time: UInt64
        let place: Int
        let checksum: UInt32
        let count: UInt16
        let category: Version0Record.Category
        let number: UInt8
        /// Whether the name had no room for more text, so that another part may follow.
        let isFull: Bool

        func isOfSameRecord(as other: Part) -> Bool {
            (time, category, checksum) == (other.time, other.category, other.checksum)
        }
    }

    private var parts: [Part] = []
    /// The texts of the parts one behind the other, in pieces of one size, so that no piece is ever copied to grow.
    private var texts: [[UInt8]] = []
    private static let pieceBits = 20

    /// The number of bytes that are held.
    var byteCount: Int { texts.count << Self.pieceBits + parts.count * MemoryLayout<Part>.stride }

    mutating func append(_ name: Version0Name, _ text: Span<UInt8>, isFull: Bool) {
        let size = 1 << Self.pieceBits
        if texts.last.map({ $0.count + text.count > size }) ?? true {
            var piece: [UInt8] = []
            piece.reserveCapacity(size)
            texts.append(piece)
        }
        let last = texts.count - 1
        parts.append(
            Part(
                time: name.time,
                place: last << Self.pieceBits + texts[last].count,
                checksum: name.checksum,
                count: UInt16(text.count),
                category: name.category,
                number: name.part,
                isFull: isFull
            )
        )
        for index in text.indices { texts[last].append(text[index]) }
    }

    /// Sorts the parts: by time, category and checksum, which name a record, then by number, then by text.
    mutating func sort() {
        let texts = texts
        parts.sort { one, other in
            if one.time != other.time { return one.time < other.time }
            if one.category != other.category { return one.category.rawValue < other.category.rawValue }
            if one.checksum != other.checksum { return one.checksum < other.checksum }
            if one.number != other.number { return one.number < other.number }
            let (text, otherText) = (Self.text(of: one, in: texts), Self.text(of: other, in: texts))
            // The same part may stand in names of two lengths, because the time has two forms.
            if text == otherText { return one.isFull && !other.isFull }
            return text.lexicographicallyPrecedes(otherText)
        }
    }

    /// The sorted parts of one record, from an index on; nil at the end.
    func group(from start: Int) -> Range<Int>? {
        guard start < parts.count else { return nil }
        var end = start + 1
        while end < parts.count, parts[end].isOfSameRecord(as: parts[start]) { end += 1 }
        return start..<end
    }

    /// Joins the parts of one record.
    func joined(_ group: Range<Int>) -> Version0Joined {
        // For each number from 0 on, the different texts that a part of it has. The first number that is missing ends them.
        var forms: [[Int]] = []
        var isWhole = true
        for index in group {
            let number = Int(parts[index].number)
            if number == forms.count {
                forms.append([index])
            } else if number == forms.count - 1 {
                let isRepeated = forms[number].last.map { text(of: parts[$0]) == text(of: parts[index]) } ?? false
                if !isRepeated { forms[number].append(index) }
            } else {
                isWhole = false
                break
            }
        }
        let first = parts[group.lowerBound]
        var search = Search(parts: self, forms: forms, checksum: first.checksum)
        let result: Result<[UInt8], Version0Unread.Fault>
        if search.isFound(from: 0) {
            result = .success(search.text.bytes)
        } else if search.tried >= Version0Limits.triedParts {
            result = .failure(.contradictory)
        } else if !isWhole || forms.last?.contains(where: { parts[$0].isFull }) ?? true {
            result = .failure(.missingParts)
        } else {
            result = .failure(.checksumDiffers)
        }
        return Version0Joined(category: first.category, time: first.time, result: result)
    }

    private func text(of part: Part) -> ArraySlice<UInt8> { Self.text(of: part, in: texts) }

    private static func text(of part: Part, in texts: [[UInt8]]) -> ArraySlice<UInt8> {
        let start = part.place & (1 << pieceBits - 1)
        return texts[part.place >> pieceBits][start..<start + Int(part.count)]
    }

    /// The search for the forms of a record's parts that have its checksum together. Nearly always each part has one form.
    private struct Search {
        let parts: Version0Parts
        let forms: [[Int]]
        let checksum: UInt32
        var text = Version0Text()
        var tried = 0

        /// Adds one form after the other of the part with a number, until the text so far, or with further parts, has the
        /// checksum.
        mutating func isFound(from number: Int) -> Bool {
            guard number < forms.count else { return false }
            let end = text.end
            for form in forms[number] {
                guard tried < Version0Limits.triedParts else { return false }
                tried += 1
                if text.append(parts.text(of: parts.parts[form]).span),
                    text.checksum == checksum || isFound(from: number + 1)
                {
                    return true
                }
                text.goBack(to: end)
            }
            return false
        }
    }
}

/// A sealed record, joined from its parts.
struct Version0Joined {
    let category: Version0Record.Category
    let time: UInt64
    /// The sealed record's bytes, which have the checksum of its names.
    let result: Result<[UInt8], Version0Unread.Fault>
}
