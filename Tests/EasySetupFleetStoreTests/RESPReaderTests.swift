import SeededRandom
import Testing

@testable import EasySetupFleetStore

@Suite("Answers of a Redis server") struct RESPReaderTests {
    /// All values of these bytes, which arrive in pieces of at most `piece` bytes, and the error that ends them.
    private static func read(
        _ bytes: [UInt8],
        in piece: Int = .max,
        limits: RESPLimits = RESPLimits()
    ) -> (values: [RESPValue], error: RESPError?) {
        var reader = RESPReader(limits: limits)
        var values: [RESPValue] = []
        var start = 0
        do throws(RESPError) {
            while start < bytes.count {
                let part = Array(bytes[start..<min(bytes.count, start + min(piece, bytes.count))])
                var place = 0
                while let value = try reader.next(in: part.span, from: &place) { values.append(value) }
                #expect(reader.heldBytes <= limits.answerBytes)
                start += part.count
            }
        } catch {
            #expect(reader.heldBytes == 0)
            var place = 0
            #expect(throws: error) { try reader.next(in: [0x2B].span, from: &place) }
            return (values, error)
        }
        return (values, nil)
    }

    private static func read(_ text: String) -> (values: [RESPValue], error: RESPError?) { read(Array(text.utf8)) }

    static let answers: [(String, RESPValue)] = [
        ("+OK\r\n", .line("OK")), ("+\r\n", .line("")), ("-WRONGPASS no\r\n", .error("WRONGPASS no")),
        (":0\r\n", .number(0)), (":-1\r\n", .number(-1)), (":9223372036854775807\r\n", .number(.max)),
        (":-9223372036854775808\r\n", .number(.min)), ("$-1\r\n", .none), ("*-1\r\n", .none), ("$0\r\n\r\n", .text("")),
        ("$5\r\na\r\nbc\r\n", .text("a\r\nbc")), ("*0\r\n", .list([])),
        ("*2\r\n$1\r\na\r\n$-1\r\n", .list([.text("a"), .none])),
        (
            "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n\r\n\r\n",
            .list([.text("message"), .text("c"), .text("\r\n")])
        ),
        (
            "*2\r\n*1\r\n*1\r\n*1\r\n:1\r\n*0\r\n",
            .list([.list([.list([.list([.number(1)])])]), .list([])])
        ),
    ]

    @Test("Each form is read, in one piece, byte by byte and beside others", arguments: answers)
    func forms(text: String, value: RESPValue) {
        #expect(Self.read(text).values == [value])
        #expect(Self.read(Array(text.utf8), in: 1).values == [value])
        let three = Array(String(repeating: text, count: 3).utf8)
        for piece in 1...three.count {
            let read = Self.read(three, in: piece)
            #expect(read.values == [value, value, value])
            #expect(read.error == nil)
        }
    }

    @Test("The beginning of an answer is none", arguments: answers) func beginnings(text: String, value: RESPValue) {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            let read = Self.read(Array(bytes.prefix(count)))
            #expect(read.values.isEmpty && read.error == nil)
        }
    }

    static let refused: [(String, RESPError)] = [
        ("*2147483647\r\n", .listTooLong), ("*65\r\n", .listTooLong), ("$9223372036854775807\r\n", .textTooLong),
        ("$65536\r\n", .textTooLong), ("$9223372036854775808\r\n", .badNumber), ("$-2\r\n", .badNumber),
        ("*-2\r\n", .badNumber), ("$\r\n", .badNumber), (":\r\n", .badNumber), (":-\r\n", .badNumber),
        (":01\r\n", .badNumber), (":-0\r\n", .badNumber), (":+1\r\n", .badNumber), (": 1\r\n", .badNumber),
        (":1a\r\n", .badNumber), (":-9223372036854775809\r\n", .badNumber), ("$01\r\n", .badNumber),
        ("$123456789012345678901", .lineTooLong), ("$1\r\nab\r", .badTextEnd), ("$1\r\na\r\r", .badTextEnd),
        ("$1\r\na\n\r", .badTextEnd), ("+OK\n", .badLineEnd), ("+O\rK", .badLineEnd), ("+OK\r\r", .badLineEnd),
        ("\r", .unknownKind(0x0D)), ("!", .unknownKind(0x21)), ("H", .unknownKind(0x48)),
        (">", .unknownKind(0x3E)), ("%", .unknownKind(0x25)), ("_", .unknownKind(0x5F)),
        ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", .nestedTooDeep), ("*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n", .nestedTooDeep),
        ("+" + String(repeating: "a", count: 513), .lineTooLong),
        ("-" + String(repeating: "a", count: 513), .lineTooLong),
    ]

    @Test("What is no answer is refused as soon as that is certain, and never taken again", arguments: refused)
    func refusals(text: String, error: RESPError) {
        let bytes = Array(text.utf8)
        for piece in [1, 2, bytes.count] {
            let read = Self.read(bytes, in: piece)
            #expect(read.error == error)
            #expect(read.values.isEmpty)
        }
        // An answer before it is not lost.
        #expect(Self.read("+OK\r\n" + text).values == [.line("OK")])
        // The last byte decides.
        #expect(Self.read(Array(bytes.dropLast())).error == nil)
    }

    @Test("An answer of exactly the limit is read, and one byte more is not") func answerLimit() {
        var limits = RESPLimits()
        limits.answerBytes = 100
        let head = "*3\r\n:1\r\n"
        func answer(_ count: Int) -> [UInt8] {
            Array((head + "$\(count)\r\n" + String(repeating: "a", count: count) + "\r\n+\r\n").utf8)
        }
        #expect(answer(82).count == 100)
        #expect(Self.read(answer(82), limits: limits).values.count == 1)
        #expect(Self.read(answer(83), limits: limits).error == .answerTooLong)
        #expect(Self.read(answer(86), limits: limits).error == .textTooLong)
        // The bytes of one answer do not count for the next.
        #expect(Self.read(answer(82) + answer(82), in: 7, limits: limits).values.count == 2)
    }

    @Test("The values of all lists of an answer count together") func values() {
        // The answer is one, its 8 lists are 8, and 7 of them have 63 values.
        let seven = "*8\r\n" + String(repeating: "*63\r\n" + String(repeating: ":1\r\n", count: 63), count: 7)
        let eight = seven + "*62\r\n" + String(repeating: ":1\r\n", count: 62)
        #expect(Self.read(eight).values.count == 1)
        #expect(Self.read(seven + "*63\r\n").error == .listTooLong)
        #expect(Self.read(eight + eight).values.count == 2)
    }

    @Test(
        "A server that never ends an answer is held to the limit",
        arguments: [
            "+a", "*64\r\n", "$-1\r\n", "*1\r\n", ":1\r\n", "$3\r\nabc\r\n", "*2\r\n+\r\n",
        ]
    )
    func endless(piece: String) throws {
        let limits = RESPLimits()
        var reader = RESPReader()
        // An open list of lists, into which everything else goes.
        var place = 0
        _ = try reader.next(in: Array("*64\r\n*64\r\n".utf8).span, from: &place)
        let bytes = Array(piece.utf8)
        var most = 0
        do throws(RESPError) {
            for _ in 0..<100_000 {
                var place = 0
                while place < bytes.count { _ = try reader.next(in: bytes.span, from: &place) }
                #expect(reader.heldBytes <= limits.answerBytes)
                most = max(most, reader.heldValues)
            }
        } catch {}
        #expect(most <= limits.answerValues)
    }

    @Test("Drawn answers are what was written, however they are cut") func drawn() {
        var random = SplitMix(state: 20_261_130)
        for _ in 0..<2_000 {
            let values = (0..<Int.random(in: 1...4, using: &random)).map { _ in Self.draw(depth: 3, &random) }
            let bytes = values.flatMap(Self.written)
            let read = Self.read(bytes, in: Int.random(in: 1...bytes.count, using: &random))
            #expect(read.values == values)
            #expect(read.error == nil)
        }
    }

    private static func draw(depth: Int, _ random: inout SplitMix) -> RESPValue {
        switch Int.random(in: 0...(depth > 0 ? 5 : 4), using: &random) {
        case 0: .text(random.bytes(Int.random(in: 0...40, using: &random)))
        case 1: .line("line")
        case 2: .error("ERR of a test")
        case 3: .number(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0...63, using: &random))
        case 4: .none
        default: .list((0..<Int.random(in: 0...5, using: &random)).map { _ in draw(depth: depth - 1, &random) })
        }
    }

    static func written(_ value: RESPValue) -> [UInt8] {
        switch value {
        case .text(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
        case .line(let bytes): Array("+".utf8) + bytes + Array("\r\n".utf8)
        case .error(let bytes): Array("-".utf8) + bytes + Array("\r\n".utf8)
        case .number(let number): Array(":\(number)\r\n".utf8)
        case .list(let values): Array("*\(values.count)\r\n".utf8) + values.flatMap(written)
        case .none: Array("$-1\r\n".utf8)
        }
    }

    @Test("A command is a list of texts, whatever bytes they have") func command() {
        #expect(
            String(decoding: RESPCommand("GET", "a\r\n").encoded, as: UTF8.self) == "*2\r\n$3\r\nGET\r\n$3\r\na\r\n\r\n"
        )
        let command = RESPCommand(words: [Array("PUBLISH".utf8), Array("es1:all".utf8), [0, 0x0D, 0x0A, 0xFF], []])
        #expect(
            Self.read(command.encoded).values
                == [.list([.text("PUBLISH"), .text("es1:all"), .text([0, 0x0D, 0x0A, 0xFF]), .text("")])]
        )
        var two: [UInt8] = []
        for _ in 0..<2 { command.encode(to: &two) }
        #expect(two == command.encoded + command.encoded)
    }
}
