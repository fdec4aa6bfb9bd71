import EasySetupRelayProtocol

extension RelayFrame {
    /// Whether the device can do anything with it before the next frame comes. A message of the visitor follows `visitor`, and the
    /// offerer's `seated`, as soon as that has computed it; so they travel with it (`Protocol/relay.md`, "Delivery").
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
