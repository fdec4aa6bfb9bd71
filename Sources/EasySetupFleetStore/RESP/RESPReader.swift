/// Reads what a Redis server says, in whatever pieces it arrives. It holds at most what ``RESPLimits`` allow for one
/// answer, whatever is sent, and refuses lengths before it waits for what they promise. Values have one form each: a
/// number with a zero before it, for example, is refused.
///
/// `docs/decisions/redis-client.md` says why it is not hiredis'.
package struct RESPReader: Sendable {
    private struct List {
        var missing: Int
        var values: [RESPValue] = []
    }

    private let limits: RESPLimits
    /// The beginning of a line or a text of which more is to come.
    private var part: [UInt8] = []
    /// How many bytes of a text are to come, with the two of its end; 0 while a line is read.
    private var missing = 0
    /// The lists that are not complete, the outermost first.
    private var lists: [List] = []
    /// How many bytes and values of the present answer have come, or were announced.
    private var bytesOfAnswer = 0
    private var valuesOfAnswer = 1
    private var broken: RESPError?

    package init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
    }

    /// Reads on from `place`, which moves behind what was read. Returns the next value, or nil when all bytes were read
    /// without completing one. After an error it has nothing and throws the same error again.
    package mutating func next(in bytes: Span<UInt8>, from place: inout Int) throws(RESPError) -> RESPValue? {
        if let broken { throw broken }
        do throws(RESPError) {
            while place < bytes.count {
                guard let value = try missing > 0 ? text(bytes, &place) : line(bytes, &place) else { continue }
                if let answer = add(value) {
                    (bytesOfAnswer, valuesOfAnswer) = (0, 1)
                    return answer
                }
            }
            return nil
        } catch {
            self = RESPReader(limits: limits)
            broken = error
            throw error
        }
    }

    /// How many bytes it holds of an answer that is not complete, for tests.
    var heldBytes: Int {
        lists.reduce(part.count) { $0 + $1.values.reduce(0) { $0 + $1.byteCount } }
    }

    /// How many values it holds of an answer that is not complete, for tests.
    var heldValues: Int {
        lists.reduce(0) { $0 + $1.values.count }
    }

    // MARK: - Texts

    private mutating func text(_ bytes: Span<UInt8>, _ place: inout Int) throws(RESPError) -> RESPValue? {
        let count = min(missing, bytes.count - place)
        // Most texts come in one piece with their end.
        let isWhole = part.isEmpty && count == missing
        let end = isWhole ? count - 2 : count
        let arrived = bytes.extracting(place..<place + end)
        if isWhole {
            part = arrived.array
            guard bytes[place + end] == Self.return, bytes[place + end + 1] == Self.feed else { throw .badTextEnd }
        } else {
            part += arrived.array
        }
        place += count
        missing -= count
        guard missing == 0 else { return nil }
        if !isWhole { guard part.popLast() == Self.feed, part.popLast() == Self.return else { throw .badTextEnd } }
        defer { part = [] }
        return .text(part)
    }

    // MARK: - Lines

    private mutating func line(_ bytes: Span<UInt8>, _ place: inout Int) throws(RESPError) -> RESPValue? {
        if part.isEmpty, let end = endOfShortLine(bytes, place) {
            defer { place = end + 2 }
            bytesOfAnswer += end + 2 - place
            return try value(of: bytes.extracting(place..<end))
        }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            bytesOfAnswer += 1
            guard bytesOfAnswer <= limits.answerBytes else { throw .answerTooLong }
            if part.last == Self.return {
                guard byte == Self.feed else { throw .badLineEnd }
                part.removeLast()
                let line = part
                part = []
                return try value(of: line.span)
            }
            guard byte != Self.feed else { throw .badLineEnd }
            if let kind = part.first {
                guard byte == Self.return || part.count <= lineLimit(kind) else { throw .lineTooLong }
            } else if !"+-:$*".utf8.contains(byte) {
                throw .unknownKind(byte)
            }
            part.append(byte)
        }
        return nil
    }

    /// The index of the CR of a line that has arrived whole and is short, as most lines are; nil for all others, which the
    /// caller reads byte by byte and holds against the limits.
    private func endOfShortLine(_ bytes: Span<UInt8>, _ place: Int) -> Int? {
        guard "+-:$*".utf8.contains(bytes[place]) else { return nil }
        let last = min(bytes.count - 1, place + 20, place + limits.answerBytes - bytesOfAnswer - 1)
        var end = place + 1
        while end < last, bytes[end] != Self.return, bytes[end] != Self.feed { end += 1 }
        guard end < last, bytes[end] == Self.return, bytes[end + 1] == Self.feed else { return nil }
        return end
    }

    /// The most bytes of a line of this kind. A number has at most 20.
    private func lineLimit(_ kind: UInt8) -> Int {
        kind == UInt8(ascii: "+") || kind == UInt8(ascii: "-") ? limits.lineBytes : 20
    }

    /// The value of a complete line; nil if it announces a text or the values of a list.
    private mutating func value(of line: Span<UInt8>) throws(RESPError) -> RESPValue? {
        let rest = line.extracting(1...)
        switch line[0] {
        case UInt8(ascii: "+"): return .line(rest.array)
        case UInt8(ascii: "-"): return .error(rest.array)
        case UInt8(ascii: ":"): return .number(try Self.number(rest))
        case UInt8(ascii: "$"):
            guard let count = try Self.count(rest) else { return RESPValue.none }
            guard count <= limits.answerBytes - bytesOfAnswer - 2 else { throw .textTooLong }
            missing = count + 2
            bytesOfAnswer += missing
            return nil
        default:
            guard let count = try Self.count(rest) else { return RESPValue.none }
            guard lists.count < limits.nesting else { throw .nestedTooDeep }
            guard count <= limits.listValues, count <= limits.answerValues - valuesOfAnswer else { throw .listTooLong }
            guard count > 0 else { return .list([]) }
            valuesOfAnswer += count
            lists.append(List(missing: count))
            return nil
        }
    }

    /// Puts a value into the innermost list. Returns the answer when it is complete.
    private mutating func add(_ value: RESPValue) -> RESPValue? {
        var value = value
        while var list = lists.popLast() {
            list.values.append(value)
            list.missing -= 1
            guard list.missing == 0 else {
                lists.append(list)
                return nil
            }
            value = .list(list.values)
        }
        return value
    }

    // MARK: - Numbers

    /// A length: nil for -1, which stands for nothing.
    private static func count(_ digits: Span<UInt8>) throws(RESPError) -> Int? {
        let number = try number(digits)
        if number == -1 { return nil }
        guard let count = Int(exactly: number), count >= 0 else { throw .badNumber }
        return count
    }

    private static func number(_ digits: Span<UInt8>) throws(RESPError) -> Int64 {
        let isNegative = !digits.isEmpty && digits[0] == UInt8(ascii: "-")
        let begin = isNegative ? 1 : 0
        guard begin < digits.count, digits[begin] != UInt8(ascii: "0") || digits.count == 1 else { throw .badNumber }
        var number: Int64 = 0
        for place in begin..<digits.count {
            let digit = digits[place]
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = digit else { throw .badNumber }
            let value = Int64(digit - UInt8(ascii: "0"))
            let (tenfold, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = tenfold.addingReportingOverflow(isNegative ? -value : value)
            guard !isTooLarge, !isBeyond else { throw .badNumber }
            number = sum
        }
        return number
    }

    private static let `return` = UInt8(ascii: "\r")
    private static let feed = UInt8(ascii: "\n")
}

extension Span<UInt8> {
    /// A copy of the bytes.
    fileprivate var array: [UInt8] { unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) } }
}
