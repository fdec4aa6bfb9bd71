/// The WebSocket subprotocol of devices and relays, by itself or with a device's first frame behind it
/// (`Protocol/relay.md`, "Early frames").
///
/// A device may speak on a WebSocket only when its request for it has been answered (RFC 6455, 4.1). A frame that comes with the request
/// is answered with it, a round trip sooner.
package struct Subprotocol: Equatable, Sendable {
    package static var name: String { "easysetup.v1" }
    /// By itself.
    package static var plain: Subprotocol { Subprotocol(frame: nil) }

    /// The bytes of a ``DeviceFrame``, as they would be in a message: as many as ``WireLimits/earlyFrameBytes`` allows.
    package let earlyFrame: [UInt8]?

    private init(frame: [UInt8]?) {
        earlyFrame = frame
    }

    /// With a frame behind it. Nil for one that is not to go with a request: tokens are secrets, and headers end up in logs.
    package init?(early frame: DeviceFrame) {
        switch frame {
        case .offer(_, work: nil), .visit(_, work: nil): break
        default: return nil
        }
        let bytes = frame.serialized()
        guard WireLimits.earlyFrameBytes.contains(bytes.count) else { return nil }
        self.init(frame: bytes)
    }

    /// Reads one of those that a device offers. Nil when it is another, or not written as here.
    package init?(_ text: Span<UInt8>) {
        let start = Self.name.utf8.count
        guard text.count >= start else { return nil }
        var place = 0
        for sign in Self.name.utf8 {
            guard text[place] == sign else { return nil }
            place += 1
        }
        guard text.count > start else {
            self = .plain
            return
        }
        let digits = text.count - start - 1
        guard text[start] == Self.dot, digits.isMultiple(of: 2), WireLimits.earlyFrameBytes.contains(digits / 2)
        else { return nil }
        var frame: [UInt8] = []
        frame.reserveCapacity(digits / 2)
        for place in stride(from: start + 1, to: text.count, by: 2) {
            guard let high = Self.value(of: text[place]), let low = Self.value(of: text[place + 1]) else { return nil }
            frame.append(high << 4 | low)
        }
        self.init(frame: frame)
    }

    /// The first of those offered that is spoken.
    package static func chosen(from offered: some Sequence<Substring>) -> Subprotocol? {
        offered.lazy.compactMap { Subprotocol(Array($0.utf8).span) }.first { _ in true }
    }

    /// As it stands in a header. There is no other way to write it.
    package var text: String {
        var signs: [UInt8] = []
        append(to: &signs)
        return String(decoding: signs, as: UTF8.self)
    }

    /// The same.
    package func append(to signs: inout [UInt8]) {
        signs.append(contentsOf: Self.name.utf8)
        guard let earlyFrame else { return }
        signs.append(Self.dot)
        for byte in earlyFrame {
            signs.append(Self.digit(byte >> 4))
            signs.append(Self.digit(byte & 0xF))
        }
    }

    private static var dot: UInt8 { UInt8(ascii: ".") }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
