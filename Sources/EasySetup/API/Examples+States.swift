import EasySetupChain
import EasySetupHandshake
public import EasySetupPairingSession
public import EasySetupRelayProtocol
import EasySetupSeed

// One state and one question of each kind, with made-up values. All their deadlines are ten minutes away.

extension PairingState {
    /// One state of each code and variant, with made-up values, for previews and for tests of an app's screens. Each call
    /// counts the deadlines from the present time.
    public static var examples: [PairingState] {
        let deadline = ContinuousClock.now + .seconds(600)
        let (peer, careful) = (Peer.example(asksFirst: false), Peer.example(asksFirst: true))
        return [
            .connecting, .retrying(.relayUnreachable(.noNetwork)), .offered(.example(ordinal: 1, until: deadline)),
            .offered(.example(ordinal: 2, until: deadline)), .wrongProof(count: 2), .codeKnown, .inLine(position: 4),
            .greeting, .deciding(peer, deadline: deadline), .waiting(peer, deadline: deadline),
            .accepting(AcceptanceRequest(peer: peer, userID: exampleUser, deadline: deadline)),
            .accepting(AcceptanceRequest(peer: peer, userID: exampleUser, scope: .example, deadline: deadline)),
            .given(peer, deadline: deadline), .given(careful, deadline: deadline), .peerAway(deadline: deadline),
            .reconnecting(deadline: deadline), .relayMessage(.example),
            .paired(Paired(userID: exampleUser, role: .holder, peer: peer)),
            .paired(Paired(userID: exampleUser, role: .holder, peer: peer, scope: .example)),
            .paired(Paired(userID: exampleUser, role: .receiver, peer: peer, scope: .example)),
            .failed(PairingError.examples[0]),
        ]
    }
}

extension ApprovalRequest {
    /// One question of each kind to the user of a device that gives its seed, with made-up values: whether this is the
    /// right device, what the other screen's word is, and the same after each mistake.
    public static var examples: [ApprovalRequest] {
        let deadline = ContinuousClock.now + .seconds(300)
        let peer = Peer.example(asksFirst: false)
        let mistakes: [ConfirmationWords.Match?] = [nil, .nothing, .slip, .other]
        return [
            ApprovalRequest(peer: peer, codeAge: .seconds(9), needsWord: false, deadline: deadline),
            ApprovalRequest(peer: peer, scope: .example, codeAge: .seconds(9), needsWord: false, deadline: deadline),
        ]
            + mistakes.map { mistake in
                ApprovalRequest(
                    peer: peer,
                    needsWord: true,
                    attempt: mistake == nil || mistake == .nothing ? 1 : 2,
                    mistake: mistake,
                    deadline: deadline
                )
            }
    }
}

extension AcceptanceRequest {
    /// The question to the user of a device that shows the code and receives a seed, with made-up values.
    public static var example: AcceptanceRequest {
        AcceptanceRequest(
            peer: .example(asksFirst: false),
            userID: exampleUser,
            codeAge: .seconds(9),
            deadline: ContinuousClock.now + .seconds(300)
        )
    }
}

extension RelayMessage {
    /// A message with made-up words.
    public static var example: RelayMessage {
        // The text keeps the rules, so the initializer returns a value.
        guard let message = try? RelayMessage("This relay is away for an hour on 1 December, from 8:00 UTC.") else {
            preconditionFailure("a message")
        }
        return message
    }
}

extension AccessScope {
    /// A membership to read notes until a day.
    fileprivate static var example: AccessScope {
        // The name keeps the rules, so the initializer returns a value.
        guard let notes = try? CollectionName("notes"), let day = UTCDate("2027-01-31") else {
            preconditionFailure("a name and a day")
        }
        return .collections([notes: false], notAfter: day.lastSecond)
    }
}

private let exampleUser = SyncSeed.random().userID

extension Peer {
    /// - Parameter asksFirst: whether the device asks its user before it stores a seed.
    fileprivate static func example(asksFirst: Bool) -> Peer {
        // The name has visible characters, and both words are in the list, so the initializers return values.
        guard let name = DeviceName(cleaning: asksFirst ? "a TV" : "new phone"),
            let words = ConfirmationWords(first: "otter", second: "pebble")
        else { preconditionFailure("a name and two words") }
        let platform: Platform = asksFirst ? .tv : .ios
        return Peer(
            device: Device(name: name, platform: platform, role: .receiver, asksFirst: asksFirst),
            words: words
        )
    }
}

extension Offer {
    fileprivate static func example(ordinal: Int, until deadline: ContinuousClock.Instant) -> Offer {
        // The slot has three canonical symbols, and the host is valid, so the initializers return values.
        guard let code = try? PairingCode(slot: "K7Q", random: SecretBytes(zeros: PairingCode.secretLength)),
            let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)
        else { preconditionFailure("a code and an address") }
        let link = PairingLink(relay: relay, slot: code.slot, secret: SecretBytes(zeros: PairingLink.secretByteCount))
        return Offer(code: code, link: link, deadline: deadline, ordinal: ordinal)
    }
}
