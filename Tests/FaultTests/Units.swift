import EasySetupRelayProtocol

/// A part of a connection's bytes that the proxy can recognise: the smallest target of a fault.
struct Unit: Sendable {
    var bytes: [UInt8]
    /// The unit's kind, for people, without its contents.
    let name: String
    /// Whether the pairing causes the unit; false for pings and pongs, which depend on time.
    let isCounted: Bool
    /// The number of bytes before the payload.
    let headLength: Int

    /// The unit with one bit of this part flipped; nil where there is no such part.
    func flipped(in part: Fault.Part) -> [UInt8]? {
        var bytes = bytes
        let body = bytes.count - headLength
        switch part {
        case .payload where body > 0: bytes[headLength + body / 2] ^= 0x10
        case .tag where body > 0 && headLength > 0: bytes[headLength] ^= 0x08
        case .length where headLength == 5: bytes[4] ^= 0x01
        case .length where headLength > 0: bytes[bytes[1] & 0x7F == 126 ? 3 : 1] ^= 0x01
        case .opcode where headLength > 0: bytes[0] ^= 0x01
        case .payload, .tag, .length, .opcode: return nil
        }
        return bytes
    }
}

/// Splits one direction of a connection into units. It keeps the bytes of an incomplete unit.
struct UnitSplitter {
    /// The form of the bytes, which decides what a unit is.
    enum Form: Sendable {
        /// An HTTP head, then WebSocket frames.
        case webSocket
        /// TLS records.
        case records
        /// Whole HTTP requests and answers.
        case http
        /// Bytes without units.
        case raw
    }

    private enum State { case head, frames, records, messages, raw }

    private let direction: Direction
    private var state: State
    private var rest: [UInt8] = []

    init(_ form: Form, _ direction: Direction) {
        self.direction = direction
        state =
            switch form {
            case .webSocket: .head
            case .records: .records
            case .http: .messages
            case .raw: .raw
            }
    }

    mutating func add(_ bytes: [UInt8]) -> [Unit] {
        rest += bytes
        var units: [Unit] = []
        while let unit = next() { units.append(unit) }
        return units
    }

    private mutating func next() -> Unit? {
        guard !rest.isEmpty else { return nil }
        switch state {
        case .head:
            guard let end = endOfHead() else { return nil }
            let isUpgrade = direction == .up || rest.starts(with: Array("HTTP/1.1 101".utf8))
            // The body of a refusal is not parsed.
            state = isUpgrade ? .frames : .raw
            return take(end, head: 0, name: "upgrade")
        case .frames: return frame()
        case .messages: return message()
        case .records:
            guard rest.count >= 5 else { return nil }
            let length = 5 + Int(rest[3]) << 8 + Int(rest[4])
            guard rest.count >= length else { return nil }
            let names: [UInt8: String] = [20: "cipher", 21: "alert", 22: "hello", 23: "data"]
            return take(length, head: 5, name: names[rest[0]] ?? "record")
        case .raw: return take(rest.count, head: 0, name: "more", isCounted: false)
        }
    }

    private mutating func message() -> Unit? {
        guard let end = endOfHead() else { return nil }
        let head = String(decoding: rest[..<end], as: UTF8.self).lowercased()
        let field = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = field.flatMap { Int($0.drop { $0 != ":" }.dropFirst().filter { $0 != " " }) } ?? 0
        guard rest.count >= end + length else { return nil }
        let path = head.split(separator: " ").dropFirst().first ?? ""
        let name = direction == .down ? "answer" : path.split(separator: "/").last.map(String.init) ?? "request"
        return take(end + length, head: 0, name: name)
    }

    private mutating func frame() -> Unit? {
        guard rest.count >= 2 else { return nil }
        let isMasked = rest[1] & 0x80 != 0
        var (length, head) = (Int(rest[1] & 0x7F), 2)
        if length == 126 {
            guard rest.count >= 4 else { return nil }
            (length, head) = (Int(rest[2]) << 8 + Int(rest[3]), 4)
        }
        if isMasked { head += 4 }
        guard rest.count >= head + length else { return nil }
        var payload = Array(rest[head..<head + length])
        if isMasked {
            let mask = Array(rest[head - 4..<head])
            for index in payload.indices { payload[index] ^= mask[index & 3] }
        }
        switch rest[0] & 0x0F {
        case 2: return take(head + length, head: head, name: name(of: payload))
        case 8: return take(head + length, head: head, name: "goodbye")
        default: return take(head + length, head: head, name: "life", isCounted: false)
        }
    }

    private func name(of payload: [UInt8]) -> String {
        let text: String
        switch direction {
        case .up: text = (try? DeviceFrame(parsing: payload)).map { String(describing: $0) } ?? "unreadable"
        case .down: text = (try? RelayFrame(parsing: payload)).map { String(describing: $0) } ?? "unreadable"
        }
        // The name of the frame's case, without its contents.
        return String(text.prefix { $0 != "(" })
    }

    private mutating func take(_ count: Int, head: Int, name: String, isCounted: Bool = true) -> Unit {
        defer { rest.removeFirst(count) }
        return Unit(bytes: Array(rest[..<count]), name: name, isCounted: isCounted, headLength: head)
    }

    private func endOfHead() -> Int? {
        guard rest.count >= 4 else { return nil }
        return (4...rest.count).first { rest[$0 - 4..<$0].elementsEqual([13, 10, 13, 10]) }
    }
}
