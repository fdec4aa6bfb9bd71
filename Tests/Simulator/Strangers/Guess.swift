import EasySetupChain
import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import SeededRandom

/// One handshake of a stranger that guesses the offerer's code. If the guess is right, the stranger tries to get the
/// seed.
final class Guess {
    let code: ShownCode
    private unowned let world: World
    private var handshake: VisitorHandshake
    private let chain: SyncSeed?
    private let entropy: Entropy
    private var received: UInt32 = 0
    private var sent: UInt32 = 0
    private var isRight = false
    /// Whether the stranger seals invalid data with its proof, to learn whether the guess was right without being taken
    /// for a device.
    private let spoils: Bool
    private var isSpoiltRight = false

    /// - Parameter knows: whether the guess is right. It is right in any case if a stranger has guessed this code
    ///   before.
    init?(at code: ShownCode, knows: Bool, in world: World, _ random: inout SplitMix) {
        self.code = code
        self.world = world
        let text = knows || code.isWon ? code.text : world.wrongText(for: code)
        spoils = random.once(in: 2)
        isSpoiltRight = spoils && text == code.text
        // The stranger takes the role that the offerer lacks: it sends a seed if the offerer has none, and otherwise
        // receives one.
        chain = code.offerer.holds ? nil : SeededEntropy.syncSeed(&random)
        entropy = SeededEntropy.make(random.next())
        let device = EasySetupHandshake.Device(
            name: code.offerer.user.visitor.deviceName,
            platform: .android,
            role: chain == nil ? .receiver : .holder
        )
        guard let typed = try? PairingCode(typed: text),
            let handshake = try? VisitorHandshake(.code(typed), device: device)
        else { return nil }
        self.handshake = handshake
    }

    /// Whether the stranger has sent its proof, so that the offerer's answer says whether the guess was right.
    var isMade: Bool { handshake.isTrySpent }

    func hello(_ meeting: MeetingID) -> Message? {
        received = 0
        sent = 0
        return (try? handshake.begin(meeting: meeting.bytes, entropy: entropy)).map(message)
    }

    /// The answers to a message of the offerer; empty for none.
    func answer(_ message: Message) -> [Message] {
        guard message.number == received + 1 else { return [] }
        received += 1
        do throws(HandshakeError) {
            switch try handshake.receive(message.body, number: message.number) {
            case .prove(var proof):
                if spoils {
                    let sealed = 1 + ProofMessage.tagByteCount..<proof.count
                    proof.replaceSubrange(sealed, with: [UInt8](repeating: 0, count: sealed.count))
                }
                return [self.message(proof)]
            case .proven:
                isRight = true
                world.wonAgainstOfferer(code)
                guard let chain else { return [] }
                let package = try handshake.give(
                    seed: chain.withBytes { SecretBytes(copying: $0) },
                    createdAt: 0,
                    userID: chain.userID.bytes
                )
                return [self.message(package)]
            case .seed(let seed):
                guard let seed = try? SyncSeed(bytes: seed.take()) else { return [] }
                world.strangerGot(seed.userID, by: code)
                return [self.message(try handshake.stored(userID: seed.userID.bytes))]
            case .membership(let membership):
                world.strangerGot(membership.userID, by: code)
                return [self.message(try handshake.stored(userID: membership.userID.bytes))]
            case .mismatched: return []
            case .confirmed: return []
            case .notBefore: return []
            }
        } catch {
            return []
        }
    }

    /// The offerer has ended the meeting.
    func ended(_ reason: Reason) {
        guard isMade, !isRight else { return }
        switch reason {
        case .wrongProof: world.guessedAgainstOfferer(code)
        // The offerer gives this reason only for a right guess with invalid data, so the stranger knows now that it was
        // right. The offerer must tell its user.
        case .malformed where isSpoiltRight: world.learnt(code)
        default: break
        }
    }

    private func message(_ body: [UInt8]) -> Message {
        sent += 1
        return Message(number: sent, ack: received, body: body)
    }
}
