package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that breaks any rule. It sends messages back, flips bits, cuts messages short, and sends frames out of
/// order and bytes that are no frames.
package final class Vandal: Outsider {
    private let pace: Duration
    private var guess: Guess?
    private var meeting: MeetingID?
    private var number: UInt32 = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, pace: Duration) {
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() { isLost() }

    package override func isConnected() {
        if random.once(in: 6) { return say(junk()) }
        guard let code = guess?.code, let slot = Slot(code.slot) else { return }
        say(.visit(slot: slot, work: nil))
    }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .met(let meeting, _, _):
            self.meeting = meeting
            number = 0
            guard let hello = guess?.hello(meeting) else { return }
            send(random.once(in: 3) ? damaged(hello.body) : hello.body)
        case .message(nil, let message):
            switch Int.random(in: 0..<5, using: &random) {
            // This sends a message back to its sender.
            case 0: send(message.body)
            case 1: send(damaged(guess?.answer(message).first?.body ?? message.body))
            case 2: say(junk())
            case 3: say(wrongFrame())
            default: for _ in 0..<12 { send(random.bytes(2_048)) }
            }
        case .workWanted:
            hangUp()
            isLost()
        default: break
        }
    }

    package override func isLost() {
        after(pace) { [unowned self] in
            guard let code = findCode() else { return isLost() }
            guess = Guess(at: code, knows: false, in: world, &random)
            connect()
        }
    }

    private func send(_ body: [UInt8]) {
        number += 1
        say(.message(meeting: nil, Message(number: number, ack: number - 1, body: body)))
    }

    private func damaged(_ body: [UInt8]) -> [UInt8] { body.damaged(&random) }

    private func junk() -> [UInt8] { random.bytes(Int.random(in: 0...5_000, using: &random)) }

    private func wrongFrame() -> DeviceFrame {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .offer(slotLength: 0, work: nil)
        case 1: meeting.map { .seat(meeting: $0) } ?? .leave(.done)
        case 2: meeting.map { .close(meeting: $0, .wrongProof) } ?? .leave(.done)
        case 3: .ack(meeting: nil, upTo: 7)
        case 4: .attachVisitor(token: Token(bytes: random.bytes(85)), acked: 0, received: 0)
        default: .message(meeting: nil, Message(number: 9, ack: 0, body: [1]))
        }
    }
}

extension Array<UInt8> {
    /// These bytes with some bits flipped, or without the last ones.
    func damaged(_ random: inout SplitMix) -> [UInt8] {
        guard !isEmpty else { return self }
        if random.once(in: 3) { return Array(prefix(Int.random(in: 0..<count, using: &random))) }
        var bytes = self
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
        return bytes
    }
}
