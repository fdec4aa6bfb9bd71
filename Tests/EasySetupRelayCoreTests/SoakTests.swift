import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom
import TestSupport
import Testing

@Suite("Random frames", .busy) struct SoakTests {
    @Test(
        "Random frames from random connections break no bound, and all is forgotten at the end",
        arguments: [1, 2, 3, 4]
    )
    func soak(seed: UInt64) {
        var limits = Limits()
        limits.meetings = 2
        limits.waitingPerRoom = 2
        limits.rooms = 4
        limits.roomless = 40
        limits.waitingForOfferer = 5
        limits.offersPerPrefix = 1_000_000
        limits.visitsPerPrefix = 1_000_000
        var scene = Scene(limits, seed: seed)
        var random = SplitMix(state: seed &+ 1_000)
        let names = (0..<60).map { "c\($0)" }
        var slots: [Slot] = [Slot("000")!]
        var tokens: [Token] = [Token(bytes: [1])]
        var met: [MeetingID] = [MeetingID([UInt8](repeating: 0, count: 16))!]

        for step in 0..<25_000 {
            let name = names.randomElement(using: &random)!
            let number = UInt32.random(in: 0...4, using: &random)
            let meeting = met.suffix(20).randomElement(using: &random)!
            let aimed = Bool.random(using: &random) ? meeting : nil
            let token = tokens.suffix(20).randomElement(using: &random)!
            let actions: [Action]
            switch Int.random(in: 0..<22, using: &random) {
            case 0, 1:
                scene.lose(name)
                scene.connect(name, from: Scene.address(Int.random(in: 0..<20, using: &random)))
                actions = []
            case 2: actions = scene.send(name, .offer(slotLength: 0, work: nil))
            case 3, 4, 5, 6:
                actions = scene.send(name, .visit(slot: slots.suffix(3).randomElement(using: &random)!, work: nil))
            case 7: actions = scene.send(name, .attachVisitor(token: token, acked: number, received: number))
            case 8:
                let held = MeetingResume(
                    meeting: meeting,
                    acked: number,
                    received: number,
                    isSeated: Bool.random(using: &random)
                )
                actions = scene.send(name, .attachOfferer(token: token, held: [held]))
            case 9...14:
                let body = [UInt8](repeating: 1, count: .random(in: 1...2048, using: &random))
                actions = scene.send(
                    name,
                    .message(meeting: aimed, Message(number: max(1, number), ack: 0, body: body))
                )
            case 15: actions = scene.send(name, .ack(meeting: aimed, upTo: number))
            case 16: actions = scene.send(name, .seat(meeting: meeting))
            case 17:
                actions = scene.send(name, .close(meeting: meeting, Reason.allCases.randomElement(using: &random)!))
            case 18: actions = Int.random(in: 0..<4, using: &random) == 0 ? scene.send(name, .leave(.done)) : []
            case 19: actions = scene.pass(.milliseconds(Int64.random(in: 0..<5_000, using: &random)))
            case 20: actions = Int.random(in: 0..<500, using: &random) == 0 ? scene.pass(.seconds(1_000)) : []
            default:
                if Int.random(in: 0..<2_000, using: &random) == 0 {
                    scene.restart(limits: limits)
                }
                actions = []
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
            if step.isMultiple(of: 97) {
                let before = scene.relay.statistics
                scene.relay.shrink()
                #expect(scene.relay.statistics == before)
            }
            let fault = scene.relay.brokenBound
            #expect(fault == nil, "step \(step) of seed \(seed): \(fault ?? "")")
            if fault != nil { return }
        }
        // When all rooms are over no state is left, even if devices are still connected.
        for _ in 0..<4 { scene.pass(.seconds(5_000)) }
        #expect(scene.relay.isEmpty)
        #expect(scene.relay.nextDeadline == nil)
    }
}
