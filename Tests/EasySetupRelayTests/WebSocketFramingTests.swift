import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// The parser for the WebSocket frames of clients.
@Suite("WebSocket frames") struct WebSocketFramingTests {
    typealias Parsed = WebSocketFraming.Parsed

    static let limit = 4096

    static func parse(_ bytes: [UInt8], limit: Int = limit) -> (Parsed, [UInt8]) {
        var payload: [UInt8] = [0xEE, 0xEE]
        let parsed = WebSocketFraming.frame(in: bytes.span, limit: limit, payload: &payload)
        guard case .frame(let frame) = parsed else { return (parsed, payload) }
        return (parsed, Array(payload.prefix(frame.payloadCount)))
    }

    /// A frame whose length is encoded in the given number of bytes: 1, 3 or 9.
    static func frame(_ first: UInt8, _ payload: [UInt8], lengthIn bytes: Int, mask: [UInt8] = [1, 2, 3, 4]) -> [UInt8]
    {
        let count = payload.count
        let length: [UInt8] =
            switch bytes {
            case 1: [0x80 | UInt8(count)]
            case 3: [0xFE, UInt8(count >> 8), UInt8(count & 0xFF)]
            default: [0xFF] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            }
        return [first] + length + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
    }

    @Test(
        "A frame of any length comes out as it went in, and only when it is whole",
        arguments: [0, 1, 2, 7, 8, 124, 125, 126, 127, 128, 255, 256, 257, 4095, 4096]
    )
    func frameLengthComes(_ count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let lengthIn = count < 126 ? 1 : 3
        let bytes = Self.frame(0x82, payload, lengthIn: lengthIn)
        let frame = WebSocketFraming.Frame(
            opcode: .binary,
            isFinal: true,
            byteCount: bytes.count,
            payloadCount: count
        )
        for behind in [[], [0x82], [0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            let (parsed, read) = Self.parse(bytes + behind)
            #expect(parsed == .frame(frame))
            #expect(read == payload)
        }
        for size in 0..<bytes.count {
            let (parsed, untouched) = Self.parse(Array(bytes.prefix(size)))
            #expect(parsed == .incomplete)
            #expect(untouched == [0xEE, 0xEE])
        }
    }

    @Test("The mask is taken off byte by byte", arguments: 0...40)
    func maskTakenOff(_ count: Int) {
        // Half of the payloads begin at another place, behind a longer header.
        let isLong = count % 2 != 0
        let payload = (0..<(isLong ? count + 126 : count)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let masks: [[UInt8]] = [
            [0, 0, 0, 0], [1, 2, 3, 4], [0xFF, 0, 0, 0], [0, 0, 0, 0xFF], [0x80, 0x7F, 0xAA, 0x55],
        ]
        for mask in masks {
            let (parsed, read) = Self.parse(Self.frame(0x82, payload, lengthIn: isLong ? 3 : 1, mask: mask))
            #expect(parsed != .incomplete)
            #expect(read == payload)
        }
    }

    @Test("A frame that was read has no bytes of the frame before it") func frameReadBytes() {
        var payload: [UInt8] = []
        for (size, value) in [(100, 1), (3, 2), (0, 3), (50, 4)] as [(Int, UInt8)] {
            let content = [UInt8](repeating: value, count: size)
            let bytes = Self.frame(0x82, content, lengthIn: 1)
            let parsed = WebSocketFraming.frame(in: bytes.span, limit: 4096, payload: &payload)
            guard case .frame(let frame) = parsed else {
                Issue.record("no frame")
                return
            }
            #expect(Array(payload.prefix(frame.payloadCount)) == content)
        }
    }

    @Test("Every first byte begins a frame, or breaks the rules as soon as that can be seen") func firstBytes() {
        for first in UInt8.min...(.max) {
            let opcode = first & 0x0F
            let isControl = opcode >= 8
            let isKnown = [0, 1, 2, 8, 9, 10].contains(opcode) && first & 0x70 == 0
            let isFrame = isKnown && !(isControl && first & 0x80 == 0)
            let (parsed, _) = Self.parse(Self.frame(first, [9], lengthIn: 1))
            if isFrame, let opcode = WebSocketOpcode(encodedWebSocketOpcode: opcode) {
                #expect(
                    parsed == .frame(.init(opcode: opcode, isFinal: first & 0x80 != 0, byteCount: 7, payloadCount: 1))
                )
            } else {
                #expect(parsed == .broken(.protocolError))
                #expect(Self.parse([first, 0x81]).0 == .broken(.protocolError))
            }
            #expect(Self.parse([first]).0 == .incomplete)
            // A frame of a client must be masked, and this one is not.
            #expect(Self.parse([first, 1, 9]).0 == .broken(.protocolError))
        }
    }

    @Test("A frame that is too large is recognised by its length") func largeFrame() {
        #expect(Self.parse([0x82, 0xFE, 0x10]).0 == .incomplete)
        #expect(Self.parse([0x82, 0xFE, 0x10, 0x01]).0 == .broken(.messageTooLarge))
        #expect(Self.parse([0x82, 0xFE, 0xFF, 0xFF]).0 == .broken(.messageTooLarge))
        let large: [UInt8] = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]
        for size in 2..<10 { #expect(Self.parse(Array(large.prefix(size))).0 == .incomplete) }
        #expect(Self.parse(large).0 == .broken(.messageTooLarge))
        #expect(Self.parse([0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7)).0 == .broken(.messageTooLarge))
        #expect(Self.parse([0x82, 0x84], limit: 3).0 == .broken(.messageTooLarge))
        // The length of a control frame must be encoded in one byte.
        for opcode in [0x88, 0x89, 0x8A] as [UInt8] {
            #expect(Self.parse(Self.frame(opcode, [UInt8](repeating: 0, count: 125), lengthIn: 1)).1.count == 125)
            #expect(Self.parse(Self.frame(opcode, [1], lengthIn: 3)).0 == .broken(.protocolError))
        }
    }

    @Test("A length in more bytes than it needs breaks the rules") func longLength() {
        for count in [0, 1, 125] {
            #expect(
                Self.parse(Self.frame(0x82, .init(repeating: 0, count: count), lengthIn: 3)).0
                    == .broken(.protocolError)
            )
        }
        for count in [0, 1, 126, 4096, 65_535] {
            #expect(
                Self.parse(Self.frame(0x82, .init(repeating: 0, count: count), lengthIn: 9)).0
                    == .broken(.protocolError)
            )
        }
        #expect(Self.parse([0x82, 0xFF, 0x80, 0, 0, 0, 0, 1, 0, 0]).0 == .broken(.protocolError))
    }

    @Test(
        "A frame that the relay writes is read by NIO's decoder",
        arguments: [0, 1, 125, 126, 127, 255, 256, 4096, 65_535]
    )
    func frameRelayWrites(_ count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 3) }
        var buffer = ByteBuffer()
        buffer.writeFrame(.binary, payload)
        buffer.writeFrame(.ping, [7])
        let read = WebSocketBytes.parse(Array(buffer: buffer))
        #expect(read == [.init(opcode: .binary, payload: payload), .init(opcode: .ping, payload: [7])])
    }

    @Test("A device's frame is written as its bytes are", arguments: [0, 1, 100, 117, 118, 119, 120, 2048])
    func deviceFrameWritten(_ count: Int) {
        let frame = RelayFrame.message(
            meeting: nil,
            Message(number: 1, ack: 0, body: [UInt8](repeating: 9, count: count))
        )
        var (buffer, expected) = (ByteBuffer(), ByteBuffer())
        for _ in 0..<2 {
            buffer.writeFrame(frame)
            expected.writeFrame(.binary, frame.serialized())
        }
        #expect(buffer == expected)
    }
}
