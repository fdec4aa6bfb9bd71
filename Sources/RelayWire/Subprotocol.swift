/// The WebSocket subprotocol of devices and relays, by itself or with a device's first frame behind it
/// (`Protocol/relay.md`, "Early frames").
///
/// A device may speak on a WebSocket only when its request for it has been answered (RFC 6455, 4.1). A frame that comes with the request
/// is answered with it, a round trip sooner.
package struct Subprotocol: Equatable, Sendable {
    package static let name = "easysetup.v1"
    /// By itself.
    package static let plain = Subprotocol(frame: nil)

    /// The bytes of a ``DeviceFrame``, as they would be in a message: as many as ``WireLimits/earlyFrameBytes`` allows.
    package let earlyFrame: [UInt8]?

    private init(frame: [UInt8]?) {
        earlyFrame = frame
    }

    /// With a frame behind it. Nil for one that is too long.
    package init?(early frame: DeviceFrame) {
        let bytes = frame.serialized()
        guard WireLimits.earlyFrameBytes.contains(bytes.count) else { return nil }
        self.init(frame: bytes)
    }

    /// Reads one of those that a device offers. Nil when it is another, or not written as here.
    package init?(_ text: Span<UInt8>) {
        let name = Self.name.utf8
        guard text.count >= name.count else { return nil }
        for (index, sign) in name.enumerated() where text[index] != sign { return nil }
        guard text.count > name.count else {
            self = .plain
            return
        }
        let digits = text.count - name.count - 1
        guard text[name.count] == Self.dot, digits.isMultiple(of: 2), WireLimits.earlyFrameBytes.contains(digits / 2)
        else { return nil }
        var frame: [UInt8] = []
        frame.reserveCapacity(digits / 2)
        for place in stride(from: name.count + 1, to: text.count, by: 2) {
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
        guard let earlyFrame else { return Self.name }
        var signs = Array(Self.name.utf8)
        signs.reserveCapacity(signs.count + 1 + 2 * earlyFrame.count)
        signs.append(Self.dot)
        for byte in earlyFrame {
            signs.append(Self.digits[Int(byte >> 4)])
            signs.append(Self.digits[Int(byte & 0xF)])
        }
        return String(decoding: signs, as: UTF8.self)
    }

    private static let dot = UInt8(ascii: ".")
    private static let digits = Array("0123456789abcdef".utf8)

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
