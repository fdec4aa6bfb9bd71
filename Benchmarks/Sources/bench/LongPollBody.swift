/// The bodies of long-poll requests (`Protocol/http.proto`). They are encoded by hand, because a Protocol Buffers
/// library would cost the load generator more than the relay costs that is measured.
enum LongPollBody {
    /// Encodes a frame for the body of ``send(_:first:frames:)``; several encoded frames are joined without a
    /// separator.
    static func field(_ frame: [UInt8]) -> [UInt8] {
        [0x1A] + varint(UInt32(frame.count)) + frame
    }

    /// Encodes a `SendCall`.
    ///
    /// - Parameters:
    ///   - connection: the connection's ID, 16 bytes.
    ///   - first: the number of the first frame.
    ///   - frames: frames that ``field(_:)`` encoded.
    static func send(_ connection: [UInt8], first: UInt32, frames: [UInt8]) -> [UInt8] {
        [0x0A, UInt8(connection.count)] + connection + [0x10] + varint(first) + frames
    }

    /// Encodes a `PollCall`.
    static func poll(_ connection: [UInt8], received: UInt32, milliseconds: UInt32) -> [UInt8] {
        [0x0A, UInt8(connection.count)] + connection + [0x10] + varint(received) + [0x18] + varint(milliseconds)
    }

    /// A decoded `PollAnswer` without the number of its first frame, which matters only for repeated polls. The bench
    /// never repeats a poll.
    struct Polled: Equatable {
        /// The ranges of the frames in the answer's bytes.
        var frames: [Range<Int>] = []
        var isClosed = false

        /// Decodes an answer; nil for other bytes.
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
