/// Which of the two devices are connected to the relay, as far as this device can know. A session needs this to say who
/// did not answer in time.
enum Reach {
    case both
    /// The relay has reported that the other device is not connected.
    case peerAway
    /// This device is not connected.
    case cutOff
}
