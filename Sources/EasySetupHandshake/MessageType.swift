/// The type of messages 3 to 6, which is the first byte of the message (`Protocol/handshake.md`, "Messages").
package enum MessageType: UInt8, Sendable {
    case visitorProof = 3
    case offererProof = 4
    case package = 5
    case receipt = 6
}
