/// A run of a relay: drawn when it starts, and again after it slept. It is the relay's address on the bus.
package struct RunID: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 8

    package let number: UInt64

    package init(number: UInt64) { self.number = number }

    /// The run of these bytes; nil if they are not eight.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        number = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) } }

    package var description: String {
        var text: [UInt8] = []
        Hex.append(number, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
