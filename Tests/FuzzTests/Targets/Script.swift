/// An input read as a list of instructions: numbers and byte strings, which are zero and empty after its end.
struct Script {
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) {
        rest = input[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    /// A number below `count`.
    mutating func number(below count: Int) -> Int { Int(byte()) % count }

    mutating func number16() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// A byte string with its length in two bytes before it.
    mutating func piece() -> [UInt8] { bytes(number16()) }

    /// The next bytes; fewer where the input ends.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Exactly this many bytes, zeros after the input's end.
    mutating func exactly(_ count: Int) -> [UInt8] {
        let bytes = bytes(count)
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }

    /// All remaining bytes.
    mutating func remainder() -> [UInt8] { bytes(rest.count) }
}

/// A change of bytes on their way.
struct Tampering {
    private let kind: UInt8
    private let place: Int
    private let bytes: [UInt8]

    init(_ script: inout Script) {
        kind = script.byte() % 6
        place = script.number16()
        bytes = kind == 0 ? [] : script.piece()
    }

    func callAsFunction(_ original: [UInt8]) -> [UInt8] {
        var changed = original
        switch kind {
        case 0: break
        case 1: changed = bytes
        case 2: changed += bytes
        case 3: changed = Array(original.prefix(place))
        case 4:
            for (offset, byte) in bytes.enumerated() where place + offset < changed.count {
                changed[place + offset] ^= byte
            }
        default:
            changed.replaceSubrange(min(place, changed.count)..<min(place + bytes.count, changed.count), with: bytes)
        }
        return changed
    }
}
