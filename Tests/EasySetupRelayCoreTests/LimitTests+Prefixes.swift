import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The limits of one address prefix.
extension LimitTests {
    static let prefix = [
        Row("offersPerPrefix", { $0.offersPerPrefix = 1 }) { scene in
            scene.come("1", .offer(slotLength: 0, work: nil))
            #expect(scene.last("1")?.isWorkWanted == false)
        } beyond: { scene in
            scene.come("2", .offer(slotLength: 0, work: nil))
            #expect(scene.last("2")?.isWorkWanted == true)
        },
        Row("visitsPerPrefix", { $0.visitsPerPrefix = 1 }) { scene in
            scene.meet()
            #expect(scene.last("A")?.isWorkWanted == false)
        } beyond: { scene in
            scene.visit("C", 1)
            #expect(scene.last("C")?.isWorkWanted == true)
        },
        Row(
            "missesPerPrefix",
            {
                $0.missesPerPrefix = 1
                $0.restartGuard = .zero
            }
        ) { scene in
            scene.visit("C", 3)
            #expect(scene.last("C") == .refused(.noSuchCode, retryAfter: .zero))
            scene.heard = [:]
        } beyond: { scene in
            scene.visit("D", 3)
            #expect(scene.last("D")?.isWorkWanted == true)
        },
        Row("restoresPerPrefix", told: [.tooMany], { $0.restoresPerPrefix = 1 }) { scene in
            for name in ["B", "C"] { scene.come(name, .offer(slotLength: 0, work: nil)) }
            scene.restart(limits: scene.limits)
            scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: []))
            #expect(scene.relay.statistics.rooms == 1)
        } beyond: { scene in
            scene.come("C", .attachOfferer(token: scene.tokens["C"]!, held: []))
        },
        Row(
            "wrongProofWeight",
            told: [.wrongProof],
            error: [],
            {
                $0.visitsPerPrefix = 5
                $0.wrongProofWeight = 4
            }
        ) { scene in
            scene.meet()
        } beyond: { scene in
            scene.send("B", .close(meeting: scene.meetings["A"]!, .wrongProof))
            scene.visit("C", 1)
            #expect(scene.last("C")?.isWorkWanted == true)
        },
        Row(
            "counterWindow",
            {
                $0.offersPerPrefix = 1
                $0.counterWindow = .seconds(3)
            }
        ) { scene in
            scene.come("1", .offer(slotLength: 0, work: nil))
            scene.pass(.seconds(3))
            scene.pass(.seconds(2))
            scene.come("2", .offer(slotLength: 0, work: nil))
            #expect(scene.last("2")?.isWorkWanted == true)
        } beyond: { scene in
            scene.pass(.seconds(1))
            scene.come("3", .offer(slotLength: 0, work: nil))
            #expect(scene.last("3")?.isWorkWanted == false)
        },
        Row("prefixes", { $0.prefixes = 2 }) { scene in
            // An offer counts twice: for its address and for its block.
            scene.come("1", from: Scene.address(1 << 8), .offer(slotLength: 0, work: nil))
            #expect(scene.last("1")?.isWorkWanted == false)
        } beyond: { scene in
            scene.come("2", from: Scene.address(2 << 8), .offer(slotLength: 0, work: nil))
            #expect(scene.last("2")?.isWorkWanted == true)
        },
        Row(
            "difficulty",
            told: [.badWork],
            {
                $0.offersPerPrefix = 1
                $0.difficulty = 20...20
            }
        ) { scene in
            scene.come("1", .offer(slotLength: 0, work: nil))
            scene.come("2", .offer(slotLength: 0, work: nil))
        } beyond: { scene in
            guard case .workWanted(let challenge, 20, _) = scene.last("2") else { return }
            scene.send("2", .offer(slotLength: 0, work: Work(challenge: challenge, answer: [0, 0, 0, 0, 0, 0, 0, 0])))
        },
        Row(
            "usedChallenges",
            told: [.relayFull],
            {
                $0.usedChallenges = 1
                $0.offersPerPrefix = 1
                $0.difficulty = 4...4
            }
        ) { scene in
            for name in ["1", "2", "3"] { scene.come(name, .offer(slotLength: 0, work: nil)) }
            scene.send("2", .offer(slotLength: 0, work: scene.solved("2")))
            #expect(scene.tokens["2"] != nil)
        } beyond: { scene in
            scene.send("3", .offer(slotLength: 0, work: scene.solved("3")))
        },
    ]
}
