/// The limits of what relays say to each other (`Protocol/fleet.md`, "Limits"). They are a part of the wire format.
package enum EnvelopeLimits {
    /// The bytes of a message: what a store takes.
    package static let messageBytes = 65_000
    /// The bytes before the content, and the tag behind it.
    package static let (headBytes, tagBytes) = (21, 16)
    /// The bytes of a content.
    package static let contentBytes = messageBytes - headBytes - tagBytes
    /// The bytes of a device's or a relay's frame.
    package static let frameBytes = 1...4096
    /// The most bytes of a long-polling call's body, and of its answer.
    package static let callBytes = 16_384
    /// The most runs whose counters a receiver remembers.
    package static let runs = 1024
}
