import EasySetupSeed

/// Makes the objects of a record (`Protocol/chain.md`, "Records").
package enum RecordWriter {
    /// Makes the names of the objects that hold a record. Each call seals anew, so a write that is tried again creates the
    /// names of the first call.
    /// - Parameters:
    ///   - previous: the time of this writer's record before this one in the collection; 0 if it knows of none.
    ///   - time: the time of the record in milliseconds since 1970, greater than all in its content.
    ///   - keys: the keys of the collection. The record is sealed under the current one.
    /// - Returns: the record's stamp, and the names in the order of the parts.
    /// - Throws: ``ChainError/Code/recordTooLarge`` with the size, before anything is sent; the errors of
    ///   ``RecordCodec/bytes(previous:content:stamp:keys:)``; ``ChainError/Code/time`` for a time beyond 13 digits.
    package static func names(
        of content: RecordContent,
        previous: UInt64,
        time: UInt64,
        writer: DeviceID,
        keys: KeyRing,
        entropy: ChainEntropy
    ) throws(ChainError) -> (stamp: Stamp, names: [String]) {
        guard 1...RecordTime.greatest ~= time, previous <= RecordTime.greatest else { throw .time }
        let stamp = Stamp(generation: keys.current, time: time, writer: writer)
        var plaintext = try RecordCodec.bytes(previous: previous, content: content, stamp: stamp, keys: keys)
        // Earlier keys are secret.
        defer { Sodium.wipe(&plaintext) }
        guard plaintext.count <= RecordLimits.plaintextBytes else {
            throw .recordTooLarge(bytes: plaintext.count, limit: RecordLimits.plaintextBytes)
        }
        let sealed = RecordSeal.seal(
            plaintext,
            stamp: stamp,
            place: keys.place,
            key: keys.currentKey,
            nonce: entropy.publicBytes(RecordSeal.nonceBytes)
        )
        return (stamp, ObjectName.names(of: sealed, time: time, writer: writer, in: keys.place))
    }
}
