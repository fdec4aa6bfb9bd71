import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom
import TestSupport
import Testing

@Suite("Random events at a relay among others", .busy) struct SharedSoakTests {
    static let answers: [DirectoryAnswer] = [
        .mine(hasSlot: true), .mine(hasSlot: true), .mine(hasSlot: false), .others(attempt: 0), .others(attempt: 3),
        .nobodys, .silent,
    ]
    static let outcomes: [SoughtOutcome] = [
        .elsewhere, .nobody(isProof: true), .nobody(isProof: false), .waits, .goodbye, .took(.mine(hasSlot: true)),
        .took(.mine(hasSlot: false)), .took(.others(attempt: 2)), .took(.silent),
    ]

    @Test(
        "Random frames, answers and losses break no bound, and all is forgotten at the end",
        arguments: [1, 2, 3, 4]
    )
    func soak(seed: UInt64) {
        var limits = Limits()
        (limits.meetings, limits.waitingPerRoom, limits.rooms, limits.waitingForOfferer) = (2, 2, 6, 5)
        (limits.offersPerPrefix, limits.visitsPerPrefix, limits.restoresPerPrefix) = (1_000_000, 1_000_000, 1_000_000)
        var sharing = SharingLimits()
        (sharing.claims, sharing.farDevices) = (2, 10)
        var scene = Scene(limits, surroundings: .amongOthers(run: [1], sharing), seed: seed)
        var random = SplitMix(state: seed &+ 2_000)
        let names = (0..<40).map { "c\($0)" }
        var slots: [Slot] = [Slot("000")!]
        var tokens: [Token] = [Token(bytes: [1])]
        var met: [MeetingID] = [MeetingID([UInt8](repeating: 0, count: 16))!]
        var (entered, took) = (0, 0)

        for step in 0..<15_000 {
            let name = names.randomElement(using: &random)!
            let number = UInt32.random(in: 0...5, using: &random)
            let meeting = met.suffix(10).randomElement(using: &random)!
            let token = tokens.suffix(10).randomElement(using: &random)!
            let held = MeetingResume(meeting: meeting, acked: number & 1, received: number & 1, isSeated: number == 5)
            let first: DeviceFrame =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: .offer(slotLength: 0, work: nil)
                case 1, 2: .visit(slot: slots.suffix(3).randomElement(using: &random)!, work: nil)
                case 3, 4: .attachVisitor(token: token, acked: 0, received: number & 1, attempt: number)
                default: .attachOfferer(token: token, held: [held], attempt: number)
                }
            let actions: [Action]
            switch Int.random(in: 0..<24, using: &random) {
            case 0...4:
                scene.lose(name)
                actions = scene.come(name, from: Scene.address(Int.random(in: 0..<20, using: &random)), first)
            case 5...7:
                scene.lose(name)
                actions = scene.comeFar(name, from: Scene.address(Int.random(in: 0..<20, using: &random)), first)
            case 8, 9: actions = scene.send(name, .message(meeting: meeting, .sample(max(1, number & 1))))
            case 10: actions = scene.send(name, number == 0 ? .seat(meeting: meeting) : .ack(meeting: meeting, upTo: 1))
            case 11: actions = scene.send(name, number == 0 ? .leave(.done) : .close(meeting: meeting, .malformed))
            case 12...15:
                let index = scene.questions.indices.randomElement(using: &random)
                let question = index.map { scene.questions.remove(at: $0) }
                let answer = Self.answers.randomElement(using: &random)!
                if case .take? = question?.wish { took += 1 }
                actions = question.map { question in scene.happen { $0.answered(question, answer, &$1) } } ?? []
            case 16...18:
                let index = scene.sought.indices.randomElement(using: &random)
                let device = index.map { scene.sought.remove(at: $0) }
                let outcome = Self.outcomes.randomElement(using: &random)!
                actions = device.map { device in scene.happen { $0.sought(device.connection, outcome, &$1) } } ?? []
            case 19:
                let device = scene.sought.randomElement(using: &random)?.connection ?? ConnectionID(name)
                actions = scene.happen { if $0.enterIfHere(device, &$1) { entered += 1 } }
            case 20:
                actions = scene.happen { relay, turn in
                    switch number {
                    case 0: relay.joined(hasKept: true, &turn)
                    case 1: relay.joined(hasKept: false, &turn)
                    case 2: relay.cutOff(&turn)
                    case 3: relay.directoryLost(&turn)
                    case 4: relay.slept(&turn)
                    default:
                        guard let claims = try? TokenClaims(checking: token, keys: Scene.keys) else { return }
                        relay.taken(claims.offer, attempt: 2, &turn)
                    }
                }
            case 21, 22: actions = scene.pass(.milliseconds(Int64.random(in: 0..<2_000, using: &random)))
            default: actions = Int.random(in: 0..<300, using: &random) == 0 ? scene.pass(.seconds(1_000)) : []
            }
            for case .send(let frame, _) in actions {
                switch frame {
                case .offered(let slot, let token, _):
                    slots.append(slot)
                    tokens.append(token)
                case .met(let meeting, let token, _):
                    met.append(meeting)
                    tokens.append(token)
                default: break
                }
            }
            scene.heard = [:]
            let fault = scene.relay.brokenBound
            #expect(fault == nil, "step \(step) of seed \(seed): \(fault ?? "")")
            if fault != nil { return }
        }
        #expect(entered > 0 && took > 20 && scene.turn.counts.restoredRooms > 10)
        for _ in 0..<4 { scene.pass(.seconds(5_000)) }
        #expect(scene.relay.isEmpty)
    }
}
