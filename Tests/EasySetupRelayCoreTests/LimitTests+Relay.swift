import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The limits of the whole relay.
extension LimitTests {
    static let relay = [
        Row(
            "roomless",
            told: [.relayFull],
            error: [.relayFull],
            {
                $0.roomless = 1
                $0.offersPerPrefix = 1
            }
        ) { scene in
            for (name, address) in [("1", 3), ("2", 3), ("3", 1 << 8)] {
                scene.come(name, from: Scene.address(address), .offer(slotLength: 0, work: nil))
            }
            #expect(scene.last("2")?.isWorkWanted == true)
        } beyond: { scene in
            scene.come("4", from: Scene.address(1 << 8), .offer(slotLength: 0, work: nil))
        },
        Row(
            "roomlessPerPrefix",
            told: [.tooMany],
            {
                $0.roomlessPerPrefix = 1
                $0.offersPerPrefix = 1
            }
        ) { scene in
            for (name, address) in [("1", 3), ("2", 3), ("3", 1 << 8), ("4", 1 << 8)] {
                scene.come(name, from: Scene.address(address), .offer(slotLength: 0, work: nil))
            }
            #expect(scene.relay.statistics.roomless == 2)
        } beyond: { scene in
            scene.come("5", from: Scene.address(3), .offer(slotLength: 0, work: nil))
        },
        Row(
            "partOfFree",
            told: [.tooMany],
            {
                $0.rooms = 8
                $0.partOfFree = 2
            }
        ) { scene in
            for name in ["1", "2", "3", "4"] { scene.come(name, .offer(slotLength: 0, work: nil)) }
            #expect(scene.relay.statistics.rooms == 4)
        } beyond: { scene in
            scene.come("5", .offer(slotLength: 0, work: nil))
        },
        Row("rooms", told: [.relayFull], { $0.rooms = 1 }) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
        } beyond: { scene in
            scene.come("C", .offer(slotLength: 0, work: nil))
        },
        Row("meetingsInAll", told: [.relayFull], { $0.meetingsInAll = 1 }) { scene in
            scene.meet()
        } beyond: { scene in
            scene.visit("C", 3)
        },
        Row("mailboxBytesInAll", told: [.relayFull], { $0.mailboxBytesInAll = 2 }) { scene in
            scene.meet()
            scene.say("A", 1)
            scene.visit("C", 3)
        } beyond: { scene in
            scene.say("A", 2)
            scene.visit("D", 4)
            // Existing meetings may go on.
            scene.say("A", 3)
            #expect(scene.relay.statistics.mailboxBytes == 3)
        },
        Row(
            "waitingInAll",
            told: [.relayFull],
            {
                $0.meetings = 1
                $0.waitingInAll = 1
            }
        ) { scene in
            scene.meet()
            scene.visit("C", 3)
        } beyond: { scene in
            scene.visit("D", 4)
        },
        Row("waitingForOfferer", told: [.relayFull], { $0.waitingForOfferer = 1 }) { scene in
            scene.meet()
            scene.come("B2", from: Scene.address(5), .offer(slotLength: 0, work: nil))
            scene.visit("A2", 6)
            scene.restart(limits: scene.limits)
            scene.comeBack("A")
        } beyond: { scene in
            scene.comeBack("A2")
        },
        Row("waitingForOffererPerRoom", told: [.relayFull], { $0.waitingForOffererPerRoom = 1 }) { scene in
            scene.meet()
            scene.visit("C", 3)
            scene.come("B2", from: Scene.address(5), .offer(slotLength: 0, work: nil))
            scene.visit("A2", 6)
            scene.restart(limits: scene.limits)
            scene.comeBack("A")
            scene.comeBack("A2")
        } beyond: { scene in
            scene.comeBack("C")
        },
        Row("deadlines", told: [.relayFull], { $0.deadlines = 1 }) { scene in
            scene.connectAndNote("C", 3)
        } beyond: { scene in
            scene.connectAndNote("D", 4)
        },
        Row(
            "tombstones",
            told: [.noSuchCode],
            error: [],
            {
                $0.tombstones = 0
                // Without the guard for rooms from before a restart.
                $0.restartGuard = .zero
            }
        ) { scene in
            scene.come("B", .offer(slotLength: 0, work: nil))
        } beyond: { scene in
            scene.send("B", .leave(.done))
            scene.heard["B"] = nil
            scene.visit("C", 3)
        },
    ]
}
