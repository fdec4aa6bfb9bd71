import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

/// Every limit of the rendezvous, one at a time. Requests within the limit succeed, requests beyond it fail as
/// `Protocol/limits.md` says, and refusals because of load give a time to wait.
@Suite("Limits") struct LimitTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        /// The reasons of all refusals and ends when the limit is exceeded.
        var told: Set<Reason> = []
        /// The reasons on the page; nil if they equal `told`.
        var error: Set<Reason>?
        /// The limits, with the one under test lowered so that the test reaches it.
        let limits: Limits
        var within: @Sendable (inout Scene) -> Void = { _ in }
        let beyond: @Sendable (inout Scene) -> Void

        var testDescription: String { name }

        init(
            _ name: String,
            told: Set<Reason> = [],
            error: Set<Reason>? = nil,
            _ change: (inout Limits) -> Void,
            within: @escaping @Sendable (inout Scene) -> Void = { _ in },
            beyond: @escaping @Sendable (inout Scene) -> Void
        ) {
            self.name = name
            self.told = told
            self.error = error
            var limits = Limits()
            change(&limits)
            self.limits = limits
            self.within = within
            self.beyond = beyond
        }
    }

    @Test("each has its error", arguments: times + connection + room + relay + prefix) func each(row: Row) throws {
        var scene = Scene(row.limits)
        row.within(&scene)
        #expect(scene.reasons == [], "within the limit")
        row.beyond(&scene)
        #expect(scene.reasons == row.told)
        #expect(scene.relay.brokenBound == nil)
        for case .refused(let reason, let retryAfter) in scene.heard.values.joined() {
            let isFullness = [.lineFull, .relayFull, .tooMany, .draining, .relayForgot].contains(reason)
            #expect((retryAfter > .zero) == isFullness, "\(reason)")
        }
        #expect(try Self.error(of: row.name) == row.error ?? row.told, "what the page says")
    }

    @Test("each is tested") func complete() {
        let names = Mirror(reflecting: Limits()).children.compactMap(\.label)
        #expect(
            (Self.times + Self.connection + Self.room + Self.relay + Self.prefix).map(\.name).sorted() == names.sorted()
        )
    }

    /// The reasons in the last column of the page's row.
    static func error(of name: String) throws -> Set<Reason> {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", "limits.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        // Restricted to these sections, because the sections on frames and devices have limits of the same names.
        let start = try #require(text.range(of: "\n## Times")).lowerBound
        let end = try #require(text.range(of: "\n## Devices")).lowerBound
        let row = try #require(
            text[start..<end].split(separator: "\n").first { $0.hasPrefix("| `\(name)` ") },
            "no row"
        )
        let cells = row.split(separator: "|")
        return Set(try #require(cells.last).matches(of: /`([a-z-]+)`/).compactMap { Reason(rawValue: String($0.1)) })
    }
}

// MARK: Times

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

// MARK: One connection

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

// MARK: One room

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

// MARK: The whole relay

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

// MARK: One address prefix

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

extension Scene {
    /// All reasons that any connection was told.
    fileprivate var reasons: Set<Reason> {
        Set(
            heard.values.joined().compactMap { frame in
                switch frame {
                case .refused(let reason, _), .over(_, let reason): reason
                default: nil
                }
            }
        )
    }

    /// Opens a room with offerer "B" and its visitor "A".
    fileprivate mutating func meet() {
        come("B", .offer(slotLength: 0, work: nil))
        visit("A", 1)
    }

    /// Connects. A refusal is recorded as the frame that the connection would get.
    fileprivate mutating func connectAndNote(_ name: String, _ address: Int) {
        guard let refusal = connect(name, from: Self.address(address)) else { return }
        heard[name, default: []].append(.refused(refusal.reason, retryAfter: refusal.retryAfter))
    }

    /// The presences of visitors that the offerer was told.
    fileprivate var presences: [Bool] {
        (heard["B"] ?? []).compactMap { if case .presence(_, let isPresent) = $0 { isPresent } else { nil } }
    }

    /// A visitor attaches that has nothing yet.
    fileprivate mutating func comeBack(_ name: String) {
        come(name, .attachVisitor(token: tokens[name]!, acked: 0, received: 0))
    }
}

extension RelayFrame {
    fileprivate var isWorkWanted: Bool { if case .workWanted = self { true } else { false } }
    fileprivate var isMet: Bool { if case .met = self { true } else { false } }
}
