import EasySetupChain
import EasySetupHandshake
package import EasySetupRelayProtocol
import EasySetupSeed
import SeededRandom

/// A malicious relay that wants the seeds. It forwards nothing, and impersonates each device to the other with guessed
/// codes.
package final class FalseRelay: RelayEnd {
    private unowned let world: World
    /// The probability that a guess is right is 1/`luck`.
    private let luck: Int
    private var random: SplitMix
    private var lies = 0
    private var offerers: [Int: FalseVisits] = [:]
    private var visitors: [Int: FalseOffer] = [:]

    package init(_ world: World, luck: Int) {
        self.world = world
        self.luck = luck
        random = world.random.fork()
    }

    package var isListening: Bool { true }
    package var isHonest: Bool { false }
    package var message: RelayMessage? { nil }
    package func kill(serving connection: Connection) {}

    package func opened(_ connection: Connection) {}

    package func lost(_ connection: Connection) {
        offerers[connection.number] = nil
        visitors[connection.number] = nil
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        guard let frame = try? DeviceFrame(parsing: bytes) else { return }
        switch frame {
        case .offer(let length, _):
            let count = max(length, 4)
            let symbols = (0..<count).map { _ in Slot.alphabet[Int(random.next() % 32)] }
            guard let slot = Slot(String(decoding: symbols, as: UTF8.self)) else { return }
            say(.offered(slot: slot, token: Token(bytes: random.bytes(8)), expiresIn: .seconds(600)), on: connection)
            offerers[connection.number] = FalseVisits(slot: slot)
            guessLater(connection)
        case .visit(let slot, _):
            guard let code = world.code(at: slot.symbols, of: self) else {
                return say(.refused(.noSuchCode, retryAfter: .zero), on: connection)
            }
            let knows = random.once(in: luck)
            guard let offer = FalseOffer(to: code, meeting: meeting(), knows: knows, in: world, &random) else { return }
            visitors[connection.number] = offer
            say(
                .met(meeting: offer.meeting, token: Token(bytes: random.bytes(8)), expiresIn: .seconds(600)),
                on: connection
            )
        case .message(_, let message):
            if let visits = offerers[connection.number], let guess = visits.guess {
                for answer in guess.answer(message) { say(.message(meeting: visits.meeting, answer), on: connection) }
            } else if let offer = visitors[connection.number] {
                for answer in offer.answer(message) { say(.message(meeting: nil, answer), on: connection) }
                if offer.isOver {
                    say(.over(meeting: nil, random.once(in: 2) ? .wrongProof : .cancelled), on: connection)
                }
            }
        case .close(let meeting, let reason):
            guard let visits = offerers[connection.number], visits.meeting == meeting else { return }
            visits.guess?.ended(reason)
            guessLater(connection)
        case .attachOfferer: say(.refused(.relayForgot, retryAfter: .zero), on: connection)
        case .attachVisitor: say(.refused(.relayForgot, retryAfter: .zero), on: connection)
        case .leave: world.close(connection)
        case .ack, .seat: break
        }
    }

    private func guessLater(_ connection: Connection) {
        world.after(random.milliseconds(100...20_000)) { [unowned self] in
            guard let visits = offerers[connection.number], connection.isOpen,
                let code = world.code(at: visits.slot.symbols, of: self),
                let guess = Guess(at: code, knows: random.once(in: luck), in: world, &random)
            else { return }
            let meeting = meeting()
            visits.guess = guess
            visits.meeting = meeting
            say(.visitor(meeting: meeting), on: connection)
            if let hello = guess.hello(meeting) { say(.message(meeting: meeting, hello), on: connection) }
        }
    }

    private func say(_ frame: RelayFrame, on connection: Connection) {
        // It lies beside each frame, and never twice the same.
        lies += 1
        let lie = try? RelayMessage("Lie \(lies): give your seed away.")
        world.send(ReceivedFrame(frame, message: lie).serialized(), .toClient, on: connection)
    }

    // The bytes have the right length for a meeting.
    private func meeting() -> MeetingID { MeetingID(random.bytes(MeetingID.byteCount))! }
}

/// The attack of a false relay on one offerer: it plays one visitor after another.
private final class FalseVisits {
    let slot: Slot
    var guess: Guess?
    var meeting: MeetingID?

    init(slot: Slot) { self.slot = slot }
}

/// The attack of a false relay on one visitor: it plays the offerer, with a guess at the code that was entered.
private final class FalseOffer {
    let meeting: MeetingID
    private(set) var isOver = false
    private unowned let world: World
    private let code: ShownCode
    private var handshake: OffererHandshake
    private let chain: SyncSeed?
    private let entropy: Entropy
    private var sent: UInt32 = 0

    init?(to code: ShownCode, meeting: MeetingID, knows: Bool, in world: World, _ random: inout SplitMix) {
        self.code = code
        self.meeting = meeting
        self.world = world
        chain = code.offerer.holds ? SeededEntropy.syncSeed(&random) : nil
        entropy = SeededEntropy.make(random.next())
        let device = EasySetupHandshake.Device(
            name: code.offerer.deviceName,
            platform: .linux,
            role: chain == nil ? .receiver : .holder
        )
        guard let typed = try? PairingCode(typed: knows || code.isWon ? code.text : world.wrongText(for: code)),
            let handshake = try? OffererHandshake(code: typed, link: nil, device: device, expiry: .seconds(1_000_000))
        else { return nil }
        self.handshake = handshake
        do { try self.handshake.visitorCame(meeting: meeting.bytes) } catch { return nil }
    }

    func answer(_ message: Message) -> [Message] {
        do throws(HandshakeError) {
            let received = try handshake.receive(
                message.body,
                number: message.number,
                meeting: meeting.bytes,
                now: world.now,
                entropy: entropy
            )
            switch consume received {
            case .prove(let reply): return [self.message(reply, to: message)]
            case .proven(_, let proof?):
                world.wonAgainstVisitor(code)
                var answers = [self.message(proof, to: message)]
                if let chain {
                    let package = try handshake.give(
                        seed: chain.withBytes { SecretBytes(copying: $0) },
                        createdAt: 0,
                        userID: chain.userID.bytes
                    )
                    answers.append(self.message(package, to: message))
                }
                return answers
            case .seed(let seed):
                guard let seed = try? SyncSeed(bytes: seed.take()) else { return [] }
                world.strangerGot(seed.userID, by: code)
                return [self.message(try handshake.stored(userID: seed.userID.bytes), to: message)]
            case .membership(let membership):
                world.strangerGot(membership.userID, by: code)
                return [self.message(try handshake.stored(userID: membership.userID.bytes), to: message)]
            case .proven(_, nil): return []
            case .mismatched: return []
            case .confirmed: return []
            case .notBefore: return []
            }
        } catch {
            if error == .wrongProof { world.guessedAgainstVisitor(code) }
            isOver = true
            return []
        }
    }

    private func message(_ body: [UInt8], to other: Message) -> Message {
        sent += 1
        return Message(number: sent, ack: other.number, body: body)
    }
}
