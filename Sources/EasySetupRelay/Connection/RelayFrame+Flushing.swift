import EasySetupRelayProtocol

extension RelayFrame {
    /// Whether the device can use this frame before the next one arrives. After `visitor`, and after an offerer's
    /// `seated`, a message of the visitor follows as soon as the visitor has computed it, so these frames are deferred
    /// and sent together with that message (`Protocol/relay.md`, "Delivery").
    var flushesImmediately: Bool {
        switch self {
        case .visitor, .seated(meeting: .some, _): false
        case .offered, .inLine, .met, .message, .ack, .attachedVisitor, .attachedOfferer, .presence,
            .seated(meeting: nil, _), .over,
            .refused, .workWanted, .goodbye:
            true
        }
    }
}
