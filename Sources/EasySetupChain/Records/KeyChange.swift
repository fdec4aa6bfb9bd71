/// The announcement of a new generation of a collection's key (`Protocol/chain.md`, "Generations"). A device without the
/// seed finds the new key in the box that is sealed to it; a device with the seed derives the key.
package struct KeyChange: Hashable, Sendable {
    /// The bytes that are signed: a protocol buffer with the collection, the generation and the boxes.
    package let content: [UInt8]
    /// The signature of the content by the seed's key, 64 bytes.
    package let signature: [UInt8]

    package init(content: [UInt8], signature: [UInt8]) {
        self.content = content
        self.signature = signature
    }
}
