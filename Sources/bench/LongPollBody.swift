/// The bodies of calls (`Protocol/http.proto`), written and read by hand: a library would cost the generator more than the
/// relay that it measures.
enum LongPollBody {
    /// A frame as it stands in the body of a ``send(_:first:frames:)``; any number of them may follow each other.
    static func field(_ frame: [UInt8]) -> [UInt8] {
        [0x1A] + varint(UInt32(frame.count)) + frame
    }

    /// A `SendCall`.
    ///
    /// - Parameters:
    ///   - connection: 16 bytes.
    ///   - first: the number of the first frame.
    ///   - frames: each as ``field(_:)`` makes it.
    static func send(_ connection: [UInt8], first: UInt32, frames: [UInt8]) -> [UInt8] {
        [0x0A, UInt8(connection.count)] + connection + [0x10] + varint(first) + frames
    }

    /// A `PollCall`.
    static func poll(_ connection: [UInt8], received: UInt32, milliseconds: UInt32) -> [UInt8] {
        [0x0A, UInt8(connection.count)] + connection + [0x10] + varint(received) + [0x18] + varint(milliseconds)
    }

    /// A `PollAnswer`, but for its number: here nothing is ever polled twice.
    struct Polled: Equatable {
        /// Where the frames are.
        var frames: [Range<Int>] = []
        var isClosed = false

        /// Nil for what is none.
        init?(_ bytes: UnsafeRawBufferPointer) {
            var place = 0
            while place < bytes.count {
                let tag = bytes[place]
                place += 1
                guard let value = LongPollBody.readVarint(bytes, &place) else { return nil }
                switch tag {
                case 0x08: break
                case 0x12:
                    guard value <= bytes.count - place else { return nil }
                    frames.append(place..<place + value)
                    place += value
                case 0x18: isClosed = value != 0
                default: return nil
                }
            }
        }
    }

    private static func varint(_ value: UInt32) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func readVarint(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) -> Int? {
        var value = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
