import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// The limits of one connection and of one room.
extension LimitTests {
    static let connection = [
        Row("framesPerInterval", told: [.badFrame], { $0.framesPerInterval = 4 }) { scene in
            scene.meet()
            scene.say("A", 1)
            // A repeat counts twice.
            scene.say("A", 1)
        } beyond: { scene in
            scene.say("A", 2)
        },
        Row(
            "frameInterval",
            told: [.badFrame],
            error: [],
            {
                $0.framesPerInterval = 4
                $0.frameInterval = .seconds(5)
            }
        ) { scene in
            scene.meet()
            scene.say("A", 1)
            scene.say("A", 1)
            scene.pass(.seconds(5))
            for _ in 0..<2 { scene.say("A", 1) }
        } beyond: { scene in
            scene.pass(.seconds(4))
            scene.say("A", 2)
        },
        Row(
            "framesPerVisitor",
            told: [.badFrame],
            {
                $0.framesPerInterval = 3
                $0.framesPerVisitor = 2
            }
        ) { scene in
            scene.meet()
            for number in 1...4 { scene.say("B", UInt32(number)) }
        } beyond: { scene in
            scene.say("B", 5)
        },
    ]
}

extension LimitTests {
    static let room = [
        Row("meetings", { $0.meetings = 1 }) { scene in
            scene.meet()
        } beyond: { scene in
            scene.visit("C", 3)
            #expect(scene.last("C") == .inLine(position: 1))
        },
        Row(
            "waitingPerPrefix",
            told: [.lineFull],
            {
                $0.meetings = 1
                $0.waitingPerPrefix = 1
            }
        ) { scene in
            scene.meet()
            scene.visit("C", 3)
            scene.visit("D", 4)
        } beyond: { scene in
            scene.visit("E", 3)
        },
        Row(
            "waitingPerRoom",
            told: [.lineFull],
            {
                $0.meetings = 1
                $0.waitingPerRoom = 1
            }
        ) { scene in
            scene.meet()
            scene.visit("C", 3)
        } beyond: { scene in
            scene.visit("D", 4)
        },
        Row(
            "positionsTold",
            {
                $0.meetings = 1
                $0.positionsTold = 1
            }
        ) { scene in
            scene.meet()
            for number in 3...5 { scene.visit("\(number)", number) }
            #expect(scene.last("5") == .inLine(position: 3))
        } beyond: { scene in
            scene.lose("3")
            #expect(scene.last("4") == .inLine(position: 1))
            #expect(scene.last("5") == .inLine(position: 3))
        },
        Row("absencesTold", { $0.absencesTold = 1 }) { scene in
            scene.meet()
            scene.lose("A")
            scene.comeBack("A")
            #expect(scene.presences == [false, true])
        } beyond: { scene in
            scene.lose("A")
            scene.comeBack("A")
            #expect(scene.presences == [false, true])
        },
        Row("mailboxMessages", told: [.mailboxFull], { $0.mailboxMessages = 2 }) { scene in
            scene.meet()
            for number in 1...2 { scene.say("A", UInt32(number)) }
        } beyond: { scene in
            scene.say("A", 3)
        },
        Row("mailboxBytes", told: [.mailboxFull], { $0.mailboxBytes = 2 }) { scene in
            scene.meet()
            for number in 1...2 { scene.say("A", UInt32(number)) }
        } beyond: { scene in
            scene.say("A", 3)
        },
    ]
}
