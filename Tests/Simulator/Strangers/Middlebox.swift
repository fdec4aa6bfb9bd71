import EasySetupRelayProtocol
import SeededRandom

/// An attacker between devices and a relay, or a malicious relay, that drops, duplicates, reorders and alters frames,
/// inserts frames of its own, and replays frames to other parties.
package final class Middlebox: Meddler {
    /// How often the attacker takes each action: for one of n frames; 0 for never.
    package struct Habits: Sendable {
        package var drops = 0
        package var doubles = 0
        package var reorders = 0
        package var alters = 0
        package var lies = 0
        package var confuses = 0

        package init() {}
    }

    private let habits: Habits
    private unowned let world: World
    private var random: SplitMix
    private var said: [(bytes: [UInt8], direction: Direction)] = []
    private var meetings: [MeetingID] = []
    /// When the attacker stops.
    private let end: Duration

    package init(_ world: World, _ habits: Habits, until end: Duration = .seconds(100_000)) {
        self.world = world
        self.habits = habits
        self.end = end
        random = world.random.fork()
    }

    package func meddle(
        _ bytes: [UInt8],
        _ direction: Direction,
        on connection: Connection
    ) -> [(bytes: [UInt8], after: Duration)] {
        guard world.now < end else { return [(bytes, .zero)] }
        if said.count < 256 { said.append((bytes, direction)) }
        if case .met(let meeting, _, _) = try? RelayFrame(parsing: bytes) { meetings.append(meeting) }
        var result: [(bytes: [UInt8], after: Duration)] = []
        if !does(habits.drops) {
            var bytes = does(habits.alters) ? altered(bytes, direction) : bytes
            if does(habits.confuses), let other = random.pick(said.filter { $0.direction == direction }) {
                bytes = other.bytes
            }
            result.append((bytes, does(habits.reorders) ? random.milliseconds(0...3_000) : .zero))
            if does(habits.doubles) { result.append((bytes, random.milliseconds(0...2_000))) }
        }
        if direction == .toClient, does(habits.lies) {
            result.append((lie().serialized(), random.milliseconds(0...500)))
        }
        return result
    }

    /// Sends a device a frame that its relay did not send. Nothing is sent while the device has no connection.
    package func lie(to device: Device) {
        guard let connection = device.connection else { return }
        world.send(lie().serialized(), .toClient, on: connection)
    }

    private func does(_ once: Int) -> Bool { once > 0 && random.once(in: once) }

    /// Alters the content of a frame, which usually stays a valid frame.
    private func altered(_ bytes: [UInt8], _ direction: Direction) -> [UInt8] {
        switch direction {
        case .toRelay:
            if case .message(let meeting, var message) = try? DeviceFrame(parsing: bytes) {
                alter(&message)
                return DeviceFrame.message(meeting: meeting, message).serialized()
            }
        case .toClient:
            if case .message(let meeting, var message) = try? RelayFrame(parsing: bytes) {
                alter(&message)
                return RelayFrame.message(meeting: meeting, message).serialized()
            }
        }
        return bytes.damaged(&random)
    }

    private func alter(_ message: inout Message) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: message.number += 1
        case 1: message.ack += 1
        default:
            let body = message.body.damaged(&random)
            message.body = body.isEmpty ? [0] : body
        }
    }

    /// A frame that a malicious relay might send.
    private func lie() -> RelayFrame {
        let times: [Duration] = [.zero, .milliseconds(1), .seconds(3), .milliseconds(Int64(UInt32.max))]
        let time = random.pick(times) ?? .zero
        // Both values are valid.
        let fresh = MeetingID(random.bytes(MeetingID.byteCount))!
        let slot = Slot("000")!
        let known = random.pick(meetings) ?? fresh
        let meeting = random.once(in: 2) ? known : random.once(in: 3) ? fresh : nil
        let number = UInt32.random(in: 0...5, using: &random)
        let reason = random.pick(Reason.allCases) ?? .fault
        let token = Token(bytes: [1])
        switch Int.random(in: 0..<17, using: &random) {
        case 0: return .offered(slot: slot, token: token, expiresIn: time)
        case 1: return .inLine(position: 1)
        case 2: return .met(meeting: random.once(in: 2) ? fresh : known, token: token, expiresIn: time)
        case 3: return .visitor(meeting: random.once(in: 2) ? fresh : known)
        case 4, 5:
            let body = random.bytes(Int.random(in: 1...2_048, using: &random))
            return .message(meeting: meeting, Message(number: max(1, number), ack: number / 2, body: body))
        case 6: return .ack(meeting: meeting, upTo: number)
        case 7: return .attachedVisitor(expiresIn: time, have: number)
        case 8: return .attachedOfferer(expiresIn: time, meetings: [], slotLost: random.once(in: 2))
        case 9: return .presence(meeting: meeting, isPresent: random.once(in: 2))
        case 10, 11: return .seated(meeting: meeting, expiresIn: time)
        case 12: return .over(meeting: meeting, reason)
        case 13: return .refused(reason, retryAfter: time)
        case 14: return .goodbye(retryAfter: time)
        case 15:
            // The frame repeats one of the relay's, perhaps one that went to another device.
            let earlier = random.pick(said.filter { $0.direction == .toClient })
            return earlier.flatMap { try? RelayFrame(parsing: $0.bytes) } ?? .inLine(position: 2)
        default:
            let difficulty = random.once(in: 3) ? 24 : Int.random(in: 1...6, using: &random)
            return .workWanted(challenge: random.bytes(8), difficulty: difficulty, expiresIn: time)
        }
    }
}
