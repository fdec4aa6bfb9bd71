import RelayWire

// Frames of both directions: what was read and written again reads the same.

@Sendable func deviceFrame(_ input: [UInt8]) throws(BrokenRule) {
    guard let frame = try? DeviceFrame(parsing: input) else { return }
    let written = frame.serialized()
    try hold(written.count <= WireLimits.frameBytes, "a frame grew beyond its limit")
    try hold((try? DeviceFrame(parsing: written)) == frame, "a frame of a device reads as another when written again")
}

@Sendable func relayFrame(_ input: [UInt8]) throws(BrokenRule) {
    guard let frame = try? RelayFrame(parsing: input) else { return }
    let written = frame.serialized()
    try hold(written.count <= WireLimits.frameBytes, "a frame grew beyond its limit")
    try hold((try? RelayFrame(parsing: written)) == frame, "a frame of a relay reads as another when written again")
}
