import Handshake
import SyncSeed

/// Both devices of one meeting, wired to each other without a network.
struct Pair: ~Copyable {
    static let meeting = [UInt8](repeating: 7, count: 16)

    var visitor: VisitorHandshake
    var offerer: OffererHandshake

    private init(visitor: consuming VisitorHandshake, offerer: consuming OffererHandshake) {
        self.visitor = visitor
        self.offerer = offerer
    }

    static func make(
        offererRole: Role = .holder,
        visitorRole: Role = .receiver,
        form: TestForm = .typed,
        wrongCode: Bool = false
    ) throws -> Pair {
        let code = try PairingCode(slot: "K7Q", random: SecretBytes.random(count: 5))
        let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
        let link = PairingLink(relay: relay, slot: "K7Q", secret: SecretBytes.random(count: 16))
        let invitation: Invitation
        switch form {
        case .typed:
            invitation = .code(
                wrongCode
                    ? try PairingCode(slot: "K7Q", random: SecretBytes.random(count: 5))
                    : try PairingCode(typed: code.revealed())
            )
        case .link: invitation = .link(try PairingLink(parsing: link.revealed()))
        }
        let visitor = try VisitorHandshake(invitation, device: device("new phone", visitorRole))
        let offerer = try OffererHandshake(
            code: code,
            link: offererRole == .holder ? link : nil,
            device: device("old laptop", offererRole),
            expiry: .seconds(600)
        )
        return Pair(visitor: visitor, offerer: offerer)
    }

    enum TestForm: CaseIterable { case typed, link }
}

func device(_ name: String, _ role: Role) -> Device {
    Device(name: DeviceName(cleaning: name)!, platform: .linux, role: role)
}
