import Crypto
import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@Suite("Proofs of work") struct WorkTests {
    static var strict: Limits {
        var limits = Limits()
        limits.offersPerPrefix = 1
        limits.visitsPerPrefix = 1
        limits.difficulty = 4...6
        return limits
    }

    static func solve(_ challenge: [UInt8], _ difficulty: Int) -> Work {
        for number in UInt64(0)... {
            let answer = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            var digest = Array(SHA256.hash(data: challenge + answer))
            var bits = 0
            while let byte = digest.first, byte == 0 {
                bits += 8
                digest.removeFirst()
            }
            bits += digest.first?.leadingZeroBitCount ?? 0
            if bits >= difficulty { return Work(challenge: challenge, answer: answer) }
        }
        fatalError("no answer")
    }

    /// A relay that has had one offer from home, and connection "2" that was asked for work.
    static func asked() throws -> (Scene, challenge: [UInt8], difficulty: Int) {
        var scene = Scene(strict)
        scene.come("1", .offer(slotLength: 0, work: nil))
        scene.come("2", .offer(slotLength: 0, work: nil))
        guard case .workWanted(let challenge, let difficulty, let expiresIn) = scene.last("2") else {
            throw NotAsked()
        }
        #expect(expiresIn == .seconds(30))
        return (scene, challenge, difficulty)
    }

    struct NotAsked: Error {}

    @Test("A prefix over its limit is asked for work, and may go on with it") func work() throws {
        var (scene, challenge, difficulty) = try Self.asked()
        #expect(!scene.closed.contains("2"))
        scene.send("2", .offer(slotLength: 0, work: Self.solve(challenge, difficulty)))
        #expect(scene.last("2") == .offered(slot: scene.slot, token: scene.tokens["2"]!, expiresIn: .seconds(600)))
    }

    @Test("Other prefixes are not asked for work") func others() throws {
        var (scene, _, _) = try Self.asked()
        scene.come("3", from: Scene.address(3), .offer(slotLength: 0, work: nil))
        #expect(scene.tokens["3"] != nil)
    }

    @Test("Each solution counts once") func once() throws {
        var (scene, challenge, difficulty) = try Self.asked()
        let work = Self.solve(challenge, difficulty)
        scene.send("2", .offer(slotLength: 0, work: work))
        scene.come("3", .offer(slotLength: 0, work: work))
        #expect(scene.last("3") == .refused(.badWork, retryAfter: .zero))
    }

    @Test("Work for another prefix, for another purpose, too late, or none at all is refused") func bad() throws {
        let (scene, challenge, difficulty) = try Self.asked()
        let work = Self.solve(challenge, difficulty)

        var other = scene
        for name in ["3", "4"] {
            other.come(name, from: Scene.address(3), .offer(slotLength: 0, work: name == "4" ? work : nil))
        }
        #expect(other.last("4") == .refused(.badWork, retryAfter: .zero))

        var purpose = scene
        for name in ["3", "4"] {
            purpose.come(name, .visit(slot: purpose.slot, work: name == "4" ? work : nil))
        }
        #expect(purpose.last("4") == .refused(.badWork, retryAfter: .zero))

        var late = scene
        late.now.monotonic += .milliseconds(30_001)
        late.send("2", .offer(slotLength: 0, work: work))
        #expect(late.last("2") == .refused(.badWork, retryAfter: .zero))

        for changed in [
            Work(challenge: challenge.map { $0 ^ 1 }, answer: work.answer),
            Work(challenge: [1], answer: work.answer),
            Work(challenge: [challenge[0], 0] + challenge.dropFirst(2), answer: work.answer),
        ] {
            var scene = scene
            scene.send("2", .offer(slotLength: 0, work: changed))
            #expect(scene.last("2") == .refused(.badWork, retryAfter: .zero))
        }
    }

    @Test("A prefix needs more work the further it is over the limit, up to a bound") func harder() {
        var scene = Scene(Self.strict)
        var difficulties: [Int] = []
        for number in 0..<40 {
            scene.come("\(number)", .offer(slotLength: 0, work: nil))
            guard case .workWanted(let challenge, let difficulty, _) = scene.last("\(number)") else { continue }
            difficulties.append(difficulty)
            scene.send("\(number)", .offer(slotLength: 0, work: Self.solve(challenge, difficulty)))
        }
        #expect(difficulties.first == 4)
        #expect(difficulties.last == 6)
        #expect(difficulties == difficulties.sorted())
    }

    @Test("After a restart a few visits to rooms that may come back are free, and a search is not")
    func searchAfterRestart() {
        var limits = Limits()
        limits.missesPerPrefix = 5
        limits.visitsPerPrefix = 1_000
        limits.difficulty = 1...1
        var scene = Scene(limits)
        var asked: [Int] = []
        for number in 0..<20 {
            scene.come("\(number)", .visit(slot: Slot("9ZZ")!, work: nil))
            if let difficulty = scene.difficulty(of: "\(number)") {
                asked.append(difficulty)
                scene.send("\(number)", .visit(slot: Slot("9ZZ")!, work: scene.solved("\(number)")))
            }
            #expect(scene.last("\(number)") == .refused(.noSuchCode, retryAfter: limits.retryDraining))
        }
        // Four visits don't count. Five count as misses, and each later one needs work: two bits more at each doubling.
        #expect(asked == [1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3])
        scene.come("another", from: Scene.address(9 << 8), .visit(slot: Slot("9ZZ")!, work: nil))
        #expect(scene.last("another") == .refused(.noSuchCode, retryAfter: limits.retryDraining))
    }

    @Test("Challenges that were collected while they were cheap don't pay for a search", arguments: [true, false])
    func hoard(isFirstFrame: Bool) throws {
        var limits = Self.strict
        limits.missesPerPrefix = 1
        var scene = Scene(limits)
        // Visits that find nothing don't count while offerers may still come back after the relay's start.
        scene.pass(limits.offererReturn)
        func visit(_ work: Work? = nil) -> DeviceFrame { .visit(slot: Slot("9ZZ")!, work: work) }
        scene.come("0", visit())
        #expect(scene.last("0")?.isRefusal == true)
        let names = (0..<60).map { "h\($0)" }
        for name in names { scene.come(name, visit()) }
        #expect(names.allSatisfy { scene.difficulty(of: $0) == 4 })
        var looks = 0
        for name in names {
            let work = try #require(scene.solved(name))
            if isFirstFrame { scene.lose(name) }
            if isFirstFrame { scene.come(name, visit(work)) } else { scene.send(name, visit(work)) }
            guard scene.last(name)?.isRefusal != true else {
                looks += 1
                continue
            }
            // The relay asks for what a search costs by now, and takes that.
            #expect(try #require(scene.difficulty(of: name)) >= 6)
        }
        #expect(looks <= 4)
        let last = try #require(names.last)
        scene.send(last, visit(scene.solved(last)))
        #expect(scene.last(last)?.isRefusal == true)
    }

    @Test("Work of one bit less than the relay asks for by now is enough") func nearly() throws {
        var limits = Self.strict
        limits.offersPerPrefix = 2
        var scene = Scene(limits)
        for name in ["1", "2", "3", "4"] { scene.come(name, .offer(slotLength: 0, work: nil)) }
        for name in ["3", "4"] { #expect(scene.difficulty(of: name) == 4) }
        scene.send("3", .offer(slotLength: 0, work: scene.solved("3")))
        #expect(scene.tokens["3"] != nil)
        scene.come("5", .offer(slotLength: 0, work: nil))
        scene.send("4", .offer(slotLength: 0, work: scene.solved("4")))
        #expect(scene.tokens["4"] != nil)
    }

    @Test("Work is asked for once on a connection, and waited for a limited time") func asking() throws {
        var (scene, _, _) = try Self.asked()
        scene.come("3", .offer(slotLength: 0, work: nil))
        scene.send("3", .offer(slotLength: 0, work: nil))
        #expect(scene.last("3") == .refused(.badOrder, retryAfter: .zero))
        scene.pass(.seconds(30))
        #expect(scene.last("2") == .refused(.tooSlow, retryAfter: .zero))
    }

    @Test("The counts are forgotten") func forgotten() throws {
        var (scene, _, _) = try Self.asked()
        scene.pass(.seconds(600))
        scene.pass(.seconds(600))
        scene.come("3", .offer(slotLength: 0, work: nil))
        #expect(scene.tokens["3"] != nil)
    }

    @Test("Neighbours share a softer limit") func neighbours() {
        var scene = Scene(Self.strict)
        for number in 0..<8 { scene.come("\(number)", from: Scene.address(number), .offer(slotLength: 0, work: nil)) }
        #expect(scene.relay.statistics.rooms == 8)
        scene.come("8", from: Scene.address(8), .offer(slotLength: 0, work: nil))
        #expect(scene.relay.statistics.rooms == 8)
        scene.come("9", from: Scene.address(1 << 8), .offer(slotLength: 0, work: nil))
        #expect(scene.relay.statistics.rooms == 9)
    }

    @Test("Connections that come and go leave no deadlines that would fill the relay") func reminders() {
        var limits = Limits()
        limits.deadlines = 300
        var scene = Scene(limits)
        for number in 0..<3_000 {
            let refusal = scene.connect("\(number)", from: Scene.address(number << 8))
            #expect(refusal == nil)
            if refusal != nil { break }
            scene.lose("\(number)")
        }
        #expect(scene.relay.brokenBound == nil)
        // Live deadlines are kept all the same.
        scene.connect("slow")
        scene.pass(.seconds(10))
        #expect(scene.last("slow") == .refused(.tooSlow, retryAfter: .zero))
    }

    @Test(
        "A room that is just being changed keeps its deadline whenever the other deadlines are thrown out",
        arguments: 0..<120
    )
    func remindersOfRooms(comers: Int) {
        var scene = Scene.met()
        for number in 0..<comers {
            scene.connect("\(number)", from: Scene.address(1_000 + number << 8))
            scene.lose("\(number)")
        }
        scene.send("B", .seat(meeting: scene.meetings["A"]!))
        scene.pass(.seconds(300))
        #expect(scene.last("B") == .over(meeting: nil, .expired))
        #expect(scene.relay.statistics.rooms == 0)
    }

    @Test("Neighbours share a softer limit of places, even with work") func workingNeighbours() {
        var limits = Self.strict
        limits.roomlessPerPrefix = 2
        var scene = Scene(limits)
        for number in 0..<20 {
            let address = Scene.address(number)
            scene.come("\(number)", from: address, .offer(slotLength: 0, work: nil))
            scene.come("\(number) again", from: address, .offer(slotLength: 0, work: nil))
        }
        let refused = scene.heard.filter { $0.value.last == .refused(.tooMany, retryAfter: .seconds(30)) }
        #expect(scene.relay.statistics.roomless == 16)
        #expect(!refused.isEmpty)
        for name in ["elsewhere", "there"] {
            scene.come(name, from: Scene.address(1 << 8), .offer(slotLength: 0, work: nil))
        }
        #expect(scene.relay.statistics.roomless == 17)
        scene.pass(.seconds(30))
        #expect(scene.relay.statistics.roomless == 0)
    }

    @Test("A full table of prefixes makes the relay ask uncounted prefixes for work") func fullTable() {
        var limits = Self.strict
        limits.prefixes = 4
        var scene = Scene(limits)
        scene.come("1", from: Scene.address(1 << 8), .offer(slotLength: 0, work: nil))
        scene.come("2", from: Scene.address(2 << 8), .offer(slotLength: 0, work: nil))
        #expect(scene.relay.statistics.rooms == 2)
        scene.come("3", from: Scene.address(3 << 8), .offer(slotLength: 0, work: nil))
        #expect(scene.relay.statistics.rooms == 2)
        // The block of "3" is counted, that of "4" is not.
        #expect(scene.difficulty(of: "3") == 4)
        scene.come("4", from: Scene.address(4 << 8), .offer(slotLength: 0, work: nil))
        scene.come("4", from: Scene.address(4 << 8), .offer(slotLength: 0, work: scene.solved("4")))
        scene.come("5", from: Scene.address(5 << 8), .offer(slotLength: 0, work: nil))
        #expect(scene.difficulty(of: "5") == 6)
    }
}

@Suite("Address prefixes") struct AddressPrefixTests {
    @Test("An IPv6 address counts with its /56, and an IPv4 address alone, mapped or not") func prefixes() {
        let v6 = { (last: [UInt8]) in AddressPrefix(bytes: [0x20, 1, 0xD, 0xB8, 0, 1] + last) }
        #expect(v6([2, 3, 0, 0, 0, 0, 0, 0, 0, 1]) == v6([2, 4, 9, 9, 9, 9, 9, 9, 9, 9]))
        #expect(v6([2, 3, 0, 0, 0, 0, 0, 0, 0, 1]) != v6([3, 3, 0, 0, 0, 0, 0, 0, 0, 1]))
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]
        #expect(AddressPrefix(bytes: mapped) == AddressPrefix(bytes: [192, 0, 2, 1]))
        #expect(AddressPrefix(bytes: [192, 0, 2, 1]) != AddressPrefix(bytes: [192, 0, 2, 2]))
        #expect(AddressPrefix(bytes: [1, 2, 3]) == nil)
    }

    @Test("Neither an address nor a key is printed") func silent() {
        var dumped = ""
        dump(Scene.home, to: &dumped)
        dump(Scene.keys, to: &dumped)
        let digits = dumped.filter(\.isNumber)
        #expect(digits.isEmpty, "\(dumped)")
        #expect("\(Scene.home)\(Scene.keys)" == "AddressPrefixTokenKeys")
    }
}

extension RelayFrame {
    fileprivate var isRefusal: Bool { if case .refused = self { true } else { false } }
}
