import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The limits of time.
extension LimitTests {
    static let times = [
        Row("codeLifetime", told: [.expired], { $0.codeLifetime = .seconds(5) }) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
            scene.pass(.seconds(4))
        } beyond: { scene in
            scene.pass(.seconds(1))
        },
        Row("seatedLifetime", told: [.expired], { $0.seatedLifetime = .seconds(5) }) { scene in
            scene.meet()
            scene.send("B", .seat(meeting: scene.meetings["A"]!))
            scene.pass(.seconds(4))
        } beyond: { scene in
            scene.pass(.seconds(1))
        },
        Row(
            "owedMessage",
            told: [.tooSlow],
            {
                $0.owedMessage = .seconds(5)
                $0.meetings = 1
            }
        ) { scene in
            scene.meet()
            scene.visit("C", 3)
            scene.pass(.seconds(4))
        } beyond: { scene in
            scene.pass(.seconds(1))
            #expect(scene.last("C")?.isMet == true)
        },
        Row(
            "owedToSilent",
            told: [.tooSlow],
            {
                $0.owedToSilent = .seconds(5)
                $0.meetings = 1
            },
            beyond: { scene in
                // A is displaced for C without a word, which `owedMessage` does, and then waits.
                scene.meet()
                scene.visit("C", 3)
                scene.pass(.seconds(2))
                scene.say("C", 1)
                scene.say("B", 1, in: "C")
                scene.pass(.seconds(4))
                #expect(scene.last("A") == .inLine(position: 1), "within the limit")
                scene.pass(.seconds(1))
                #expect(scene.last("A")?.isMet == true)
            }
        ),
        Row("firstFrame", told: [.tooSlow], { $0.firstFrame = .seconds(5) }) { scene in
            scene.connect("X")
            scene.pass(.seconds(4))
        } beyond: { scene in
            scene.pass(.seconds(1))
        },
        Row(
            "workLifetime",
            told: [.badWork, .tooSlow],
            {
                $0.workLifetime = .seconds(5)
                $0.offersPerPrefix = 1
                $0.difficulty = 4...4
            }
        ) { scene in
            scene.come("1", .offer(slotLength: 0, work: nil))
            scene.come("2", .offer(slotLength: 0, work: nil))
            scene.pass(.seconds(4))
        } beyond: { scene in
            let work = scene.solved("2")
            scene.pass(.seconds(2))
            scene.come("3", .offer(slotLength: 0, work: work))
        },
        Row("offererReturn", told: [.relayForgot], { $0.offererReturn = .seconds(5) }) { scene in
            scene.meet()
            scene.restart(limits: scene.limits)
            scene.comeBack("A")
            scene.pass(.seconds(4))
        } beyond: { scene in
            scene.pass(.seconds(1))
        },
        Row("restartGuard", { $0.restartGuard = .seconds(5) }) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
            #expect(scene.slot.symbols.utf8.count == 4)
        } beyond: { scene in
            scene.pass(.seconds(5))
            scene.come("C", .offer(slotLength: 0, work: nil))
            #expect(scene.slot.symbols.utf8.count == 3)
        },
        Row(
            "endedTold",
            told: [.noSuchCode],
            error: [],
            {
                $0.endedTold = .seconds(5)
                $0.restartGuard = .zero
            }
        ) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
            scene.send("B", .leave(.done))
            scene.pass(.seconds(4))
            scene.visit("C", 3)
            #expect(scene.last("C") == .refused(.seated, retryAfter: .zero))
            scene.heard = [:]
        } beyond: { scene in
            scene.pass(.seconds(1))
            scene.visit("D", 4)
        },
        Row("unseatedDrain", { $0.unseatedDrain = .seconds(5) }) { scene in
            scene.meet()
            scene.drain()
            scene.pass(.seconds(4))
            #expect(scene.closed.isEmpty)
        } beyond: { scene in
            scene.pass(.seconds(1))
            #expect(scene.last("A") == .goodbye(retryAfter: .seconds(2)))
            #expect(scene.last("B") == .goodbye(retryAfter: .seconds(2)))
        },
        Row(
            "retryAfter",
            told: [.relayFull],
            error: [],
            {
                $0.retryAfter = .seconds(5)
                $0.rooms = 0
            }
        ) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
            #expect(scene.last("B") == .refused(.relayFull, retryAfter: .seconds(5)))
        },
        Row("retryDraining", told: [.draining], error: [], { $0.retryDraining = .seconds(5) }) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
            scene.drain()
            #expect(scene.last("B") == .goodbye(retryAfter: .seconds(5)))
            scene.come("C", .offer(slotLength: 0, work: nil))
            #expect(scene.last("C") == .refused(.draining, retryAfter: .seconds(5)))
        },
    ]
}
