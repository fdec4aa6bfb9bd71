/// One device's connection to a server, which sends and receives frames over any transport.
protocol Connection: AnyObject {
    /// Adds a frame; ``flush()`` sends what was added.
    func write(_ frame: [UInt8])
    func flush()
    /// Releases what the connection keeps for sending, because the device will send nothing for a long time.
    func rest()
    /// Closes the connection at once; the owner gets no more calls.
    func close()
}

/// The owner of a ``Connection``, which calls it when the connection opens, for each frame that arrives, and when the
/// connection closes.
protocol ConnectionOwner: AnyObject {
    func opened(_ connection: any Connection)
    /// A frame has arrived. Its bytes are valid only during the call.
    func received(_ frame: UnsafeRawBufferPointer, on connection: any Connection)
    /// The connection was closed. This is no failure if the owner expected the server to close it.
    func closed(_ connection: any Connection)
}
