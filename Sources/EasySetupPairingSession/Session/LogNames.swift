package import EasySetupRelayProtocol

// Names for logs: the kind of a state, frame or error, but not its contents. No log level shows codes, slots, tokens,
// device names, addresses or message bodies.

extension PairingState {
    /// The state's stable name, as in ``PairingState/Code``. For a failure it is the name of the error.
    package var name: String {
        switch self {
        case .connecting: "connecting"
        case .retrying: "retrying"
        case .offered: "offered"
        case .wrongProof: "wrong-proof"
        case .codeKnown: "code-known"
        case .inLine: "in-line"
        case .greeting: "greeting"
        case .deciding: "deciding"
        case .waiting: "waiting"
        case .accepting: "accepting"
        case .given: "given"
        case .peerAway: "peer-away"
        case .reconnecting: "reconnecting"
        case .relayMessage: "relay-message"
        case .paired: "paired"
        case .failed(let error): error.name
        }
    }
}

extension DriverStep {
    package var name: String {
        switch self {
        case .connect(_, let transport): "connect by \(transport.rawValue)"
        case .read: "read"
        case .send(let frames): "send \(frames.map(\.name).joined(separator: ", "))"
        case .disconnect: "disconnect"
        case .show: "show"
        case .ask: "ask"
        case .askToAccept: "ask to accept"
        case .stopAsking: "stop asking"
        case .store: "store"
        case .solve: "solve"
        case .end: "end"
        }
    }
}

extension DeviceFrame {
    package var name: String {
        switch self {
        case .offer: "offer"
        case .visit: "visit"
        case .attachVisitor: "attach_visitor"
        case .attachOfferer: "attach_offerer"
        case .message: "message"
        case .ack: "ack"
        case .seat: "seat"
        case .close(_, let reason): "close \(reason.rawValue)"
        case .leave(let reason): "leave \(reason.rawValue)"
        }
    }
}

extension RelayFrame {
    package var name: String {
        switch self {
        case .offered: "offered"
        case .inLine: "in_line"
        case .met: "met"
        case .visitor: "visitor"
        case .message: "message"
        case .ack: "ack"
        case .attachedVisitor: "attached_visitor"
        case .attachedOfferer: "attached_offerer"
        case .presence: "presence"
        case .seated: "seated"
        case .over(_, let reason): "over \(reason.rawValue)"
        case .refused(let reason, _): "refused \(reason.rawValue)"
        case .workWanted: "work_wanted"
        case .goodbye: "goodbye"
        }
    }
}
