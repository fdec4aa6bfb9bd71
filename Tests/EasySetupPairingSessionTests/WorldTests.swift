import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol
import EasySetupSeed
import TestSupport
import Testing

/// Both kinds of session and the relay's core, in a world whose network fails at every possible frame.
@Suite("A world of two devices", .busy, .timeLimit(.minutes(60))) struct WorldTests {
    /// Runs a pairing in a world with faults. The faults may change only its duration, not its result.
    private func pair(_ faults: World.Faults, offererHolds: Bool, seed: UInt64 = 1) throws -> (World, Device, Device) {
        let world = World(seed: seed, faults: faults)
        let chain = SyncSeed.random()
        let offerer = world.offerer(offererHolds ? chain : nil)
        world.run(until: { offerer.offer != nil || offerer.isOver })
        let code = try #require(offerer.offer).code
        let visitor = try world.visitor(.code(code), offererHolds ? nil : chain)
        world.run()
        return (world, offerer, visitor)
    }

    private func frames(offererHolds: Bool) throws -> Int {
        try pair(World.Faults(), offererHolds: offererHolds).0.frames
    }

    private func expectPaired(_ world: World, _ one: Device, _ other: Device, _ what: String) {
        #expect(world.broken == [], "\(what)")
        #expect(one.outcome == .paired, "\(what)")
        #expect(other.outcome == .paired, "\(what)")
        #expect(one.isOver && other.isOver, "\(what)")
    }

    @Test("pairs without faults", arguments: [true, false]) func plain(offererHolds: Bool) throws {
        let (world, offerer, visitor) = try pair(World.Faults(), offererHolds: offererHolds)
        expectPaired(world, offerer, visitor, "no fault")
    }

    @Test("pairs when a connection is cut before or after any frame", arguments: [true, false], [0, 3])
    func cuts(offererHolds: Bool, notice: Int64) throws {
        for number in try 1...frames(offererHolds: offererHolds) {
            for isAfter in [false, true] {
                var faults = World.Faults()
                faults.notice = .seconds(notice)
                if isAfter { faults.cutsAfter = [number] } else { faults.cutsBefore = [number] }
                let (world, offerer, visitor) = try pair(faults, offererHolds: offererHolds)
                // Both devices must report the success, even if the cut hits the receipt or the last acknowledgement.
                expectPaired(world, offerer, visitor, "cut \(isAfter ? "after" : "before") frame \(number)")
            }
        }
    }

    @Test("pairs when the relay is killed at any frame and started again with its key", arguments: [true, false])
    func restarts(offererHolds: Bool) throws {
        for number in try 1...frames(offererHolds: offererHolds) {
            for down in [Duration.milliseconds(50), .seconds(20)] {
                var faults = World.Faults()
                faults.restartsAt = [number]
                faults.down = down
                let (world, offerer, visitor) = try pair(faults, offererHolds: offererHolds)
                expectPaired(world, offerer, visitor, "killed at frame \(number)")
            }
        }
    }

    @Test("ends on both sides in time, and agrees, whatever the network does", arguments: 1...8 as ClosedRange<UInt64>)
    func soak(part: UInt64) throws {
        for number in 0..<150 as Range<UInt64> {
            let seed = part * 1_000 + number
            var random = SplitMix(state: seed)
            var faults = World.Faults()
            func some(_ most: Int) -> Set<Int> {
                Set((0..<Int.random(in: 0...most, using: &random)).map { _ in Int.random(in: 3...60, using: &random) })
            }
            faults.cutsBefore = some(4)
            faults.cutsAfter = some(4)
            faults.restartsAt = some(2)
            faults.latency = 1...Int64.random(in: 2...1_500, using: &random)
            faults.notice = .seconds(Int64.random(in: 0...40, using: &random))
            faults.down = .milliseconds(Int64.random(in: 0...30_000, using: &random))
            faults.storing = .milliseconds(Int64.random(in: 1...40_000, using: &random))
            faults.thinking = .milliseconds(Int64.random(in: 1...330_000, using: &random))
            let offererHolds = Bool.random(using: &random)
            let isNo = Int.random(in: 0..<8, using: &random) == 0
            let stops =
                Int.random(in: 0..<6, using: &random) == 0
                ? Duration.milliseconds(Int64.random(in: 0...20_000, using: &random)) : nil

            let world = World(seed: seed, faults: faults)
            let chain = SyncSeed.random()
            let approve: (ApprovalRequest) -> Approval = { request in
                isNo ? .decline : request.needsWord ? .word(request.peer.words.second) : .approve
            }
            let offerer = world.offerer(offererHolds ? chain : nil, approve: approve)
            world.run(until: { offerer.offer != nil || offerer.isOver })
            guard let code = offerer.offer?.code else { continue }
            let start = world.now
            let visitor = try world.visitor(.code(code), offererHolds ? nil : chain, approve: approve)
            if let stops {
                let device = Bool.random(using: &random) ? offerer : visitor
                world.after(stops) { if !device.isOver { world.tell(device, .cancelled) } }
            }
            world.run(for: .seconds(20_000))

            let holder = offererHolds ? offerer : visitor
            let receiver = offererHolds ? visitor : offerer
            let what = "world \(seed)"
            #expect(world.broken == [], "\(what)")
            #expect(offerer.isOver && visitor.isOver, "\(what): \(offerer.states.count) \(visitor.states.count)")
            #expect(offerer.outcome != nil && visitor.outcome != nil, "\(what)")
            // A receiver that stored the seed must report a success, and the holder's user must have approved the
            // sending.
            #expect((receiver.stored != nil) == (receiver.outcome == .paired), "\(what)")
            if receiver.stored != nil { #expect(holder.wasApproved, "\(what)") }
            switch holder.outcome {
            case .paired: #expect(receiver.outcome == .paired, "\(what)")
            case .failed(.sentNotConfirmed), nil: break
            case .failed: #expect(receiver.outcome != .paired, "\(what)")
            }
            // The longest time that a device may take: three codes, a seated pairing and the time after it.
            let longest = world.limits.codeLifetime * 3 + world.limits.seatedLifetime + .seconds(120)
            for device in [offerer, visitor] {
                #expect((device.end ?? world.now) - start <= longest, "\(what)")
            }
        }
    }

    @Test(
        "a relay gone bad gets no seed, takes no success back and keeps nobody",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func evilRelay(part: UInt64) throws {
        for number in 0..<150 as Range<UInt64> {
            let seed = part * 1_000 + number
            var random = SplitMix(state: seed)
            var faults = World.Faults()
            faults.latency = 1...Int64.random(in: 2...200, using: &random)
            faults.storing = .milliseconds(Int64.random(in: 1...4_000, using: &random))
            faults.thinking = .milliseconds(Int64.random(in: 1...4_000, using: &random))
            let offererHolds = Bool.random(using: &random)
            let isNo = Int.random(in: 0..<3, using: &random) == 0

            let world = World(seed: seed, faults: faults)
            let chain = SyncSeed.random()
            let approve: (ApprovalRequest) -> Approval = { request in
                isNo ? .decline : request.needsWord ? .word(request.peer.words.second) : .approve
            }
            let offerer = world.offerer(offererHolds ? chain : nil, approve: approve)
            world.run(until: { offerer.offer != nil || offerer.isOver })
            guard let code = offerer.offer?.code else { continue }
            let start = world.now
            let visitor = try world.visitor(.code(code), offererHolds ? nil : chain, approve: approve)
            let lies = SplitMix(state: random.next())
            let box = Lies(lies)
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let device = Bool.random(using: &random) ? offerer : visitor
                world.after(.milliseconds(Int64.random(in: 0...9_000, using: &random))) {
                    world.inject(box.frame(for: device, world), into: device)
                }
            }
            world.run(for: .seconds(20_000))

            let receiver = offererHolds ? visitor : offerer
            let what = "world \(seed)"
            #expect(world.broken == [], "\(what)")
            #expect(offerer.isOver && visitor.isOver, "\(what)")
            #expect((receiver.stored != nil) == (receiver.outcome == .paired), "\(what)")
            if isNo { #expect(receiver.stored == nil, "\(what)") }
            let longest = world.limits.codeLifetime * 3 + world.limits.seatedLifetime + .seconds(120)
            for device in [offerer, visitor] {
                #expect((device.end ?? world.now) - start <= longest, "\(what)")
            }
        }
    }
}

/// The frames that a malicious relay may send.
private final class Lies {
    private var random: SplitMix

    init(_ random: SplitMix) { self.random = random }

    func frame(for device: Device, _ world: World) -> RelayFrame {
        let times: [Duration] = [.zero, .milliseconds(1), .seconds(3), .milliseconds(Int64(UInt32.max))]
        let time = times.randomElement(using: &random)!
        let fresh = MeetingID((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })!
        let known = world.meetings.randomElement(using: &random) ?? fresh
        let meeting = Bool.random(using: &random) ? known : Int.random(in: 0..<3, using: &random) == 0 ? fresh : nil
        let number = UInt32.random(in: 0...5, using: &random)
        let reason = Reason.allCases.randomElement(using: &random)!
        let token = Token(bytes: [1])
        switch Int.random(in: 0..<17, using: &random) {
        case 0: return .offered(slot: Slot("000")!, token: token, expiresIn: time)
        case 1: return .inLine(position: 1)
        case 2: return .met(meeting: Bool.random(using: &random) ? fresh : known, token: token, expiresIn: time)
        case 3: return .visitor(meeting: Bool.random(using: &random) ? fresh : known)
        case 4, 5:
            let body = [UInt8](repeating: UInt8(number), count: Int.random(in: 1...2_048, using: &random))
            return .message(meeting: meeting, Message(number: max(1, number), ack: number / 2, body: body))
        case 6: return .ack(meeting: meeting, upTo: number)
        case 7: return .attachedVisitor(expiresIn: time, have: number)
        case 8: return .attachedOfferer(expiresIn: time, meetings: [], slotLost: Bool.random(using: &random))
        case 9: return .presence(meeting: meeting, isPresent: false)
        case 10, 11: return .seated(meeting: meeting, expiresIn: time)
        case 12: return .over(meeting: meeting, reason)
        case 13: return .refused(reason, retryAfter: time)
        case 14: return .goodbye(retryAfter: time)
        case 15: return .workWanted(challenge: [1], difficulty: Int.random(in: 1...24, using: &random), expiresIn: time)
        default:
            // The frame repeats an earlier one, which the relay perhaps sent to the other device.
            return world.said.randomElement(using: &random)?.frame ?? .inLine(position: 2)
        }
    }
}
