@testable import EasySetupFleetStore

/// In whatever pieces a server's bytes arrive, the answers are the same, the reader holds no more than its limit, and
/// answers have one form each: written again, they are the bytes that came.
@Sendable func resp(_ input: [UInt8]) throws(BrokenRule) {
    var limits = RESPLimits()
    // Small, so that inputs reach it.
    limits.answerBytes = 600
    let whole = try answers(input, in: input.count, limits)
    for piece in [1, 3] {
        let cut = try answers(input, in: piece, limits)
        try hold(cut.values == whole.values && cut.error == whole.error, "answers depend on how they came")
    }
    var written: [UInt8] = []
    for value in whole.values { write(value, to: &written) }
    try hold(input.count >= written.count, "answers are longer than what came")
    for (place, byte) in written.enumerated() where byte != input[place] {
        // Nothing is written as a text that is absent or as a list that is.
        try hold(byte == UInt8(ascii: "$") && input[place] == UInt8(ascii: "*"), "an answer has two forms")
    }
}

private func answers(_ input: [UInt8], in piece: Int, _ limits: RESPLimits) throws(BrokenRule)
    -> (values: [RESPValue], error: RESPError?)
{
    var reader = RESPReader(limits: limits)
    var values: [RESPValue] = []
    var start = 0
    while start < input.count {
        let part = Array(input[start..<min(input.count, start + piece)])
        var place = 0
        do throws(RESPError) {
            while let value = try reader.next(in: part.span, from: &place) { values.append(value) }
        } catch {
            try hold(reader.heldBytes == 0, "a broken reader holds something")
            return (values, error)
        }
        try hold(reader.heldBytes <= limits.answerBytes, "a reader holds more than its limit")
        try hold(reader.heldValues < limits.answerValues, "a reader holds too many values")
        start += piece
    }
    return (values, nil)
}

private func write(_ value: RESPValue, to bytes: inout [UInt8]) {
    let end = "\r\n".utf8
    switch value {
    case .text(let text): bytes += Array("$\(text.count)\r\n".utf8) + text + end
    case .line(let text): bytes += Array("+".utf8) + text + end
    case .error(let text): bytes += Array("-".utf8) + text + end
    case .number(let number): bytes += ":\(number)\r\n".utf8
    case .list(let values):
        bytes += "*\(values.count)\r\n".utf8
        for value in values { write(value, to: &bytes) }
    case .none: bytes += "$-1\r\n".utf8
    }
}
