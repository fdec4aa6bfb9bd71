import EasySetupPairingSession
import EasySetupRelayProtocol

// The names of a session's inputs for logs, without their contents. The names of frames and
// states are in `EasySetupPairingSession`.

extension Inbox.Input {
    var name: String {
        switch self {
        case .event(.connected): "connected"
        case .event(.stumbled), .report(_, .stumbled): "stumbled"
        case .report(_, .unheard): "unheard"
        case .event(.lost), .failed, .report(_, .closed): "lost"
        case .event(.frame(let frame)): frame.name
        case .event(.relayMessage): "relay message"
        case .event(.answered): "answered"
        case .event(.accepted): "accepted"
        case .event(.stored): "stored"
        case .event(.notStored): "not stored"
        case .event(.solved): "solved"
        case .event(.deadlinePassed): "deadline passed"
        case .event(.cancelled): "cancelled"
        case .opened: "opened"
        case .report(_, .through(let transport)): "through \(transport.rawValue)"
        case .report(_, .frames(let frames)): frames.map(\.frame.name).joined(separator: ", ")
        }
    }
}
