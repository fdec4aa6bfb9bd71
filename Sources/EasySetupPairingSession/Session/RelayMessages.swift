import EasySetupRelayProtocol

/// Decides which messages of the relay's operator a device shows in one act (`Protocol/device.md`, "The relay's
/// message").
struct RelayMessages {
    private var last: RelayMessage?
    private var count = 0

    /// Takes a message that has come. True if the device shows it: it shows each message once, although every connection
    /// may bring it again, and at most `limit` of them, because a relay must not fill the screen.
    mutating func take(_ message: RelayMessage, limit: Int) -> Bool {
        guard message != last, count < limit else { return false }
        last = message
        count += 1
        return true
    }
}
