import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import SeededRandom
import Testing

/// Random histories of two runs, each of them entry and home, against a simple oracle: of all that one side says about a
/// device the other hears a beginning, each word once and in order, and nothing after it heard that the leg has ended.
@Suite("Random histories of trunks") struct TrunkHistoryTests {
    /// All that was said and heard about one leg, in the words' own numbers.
    private struct Leg {
        let device: ConnectionID
        var far: ConnectionID?
        var saidUp: [UInt8] = []
        var heardUp: [UInt8] = []
        var saidDown: [UInt8] = []
        var heardDown: [UInt8] = []
        /// Whether an end has ended the leg itself, or has heard that it ended.
        var entryEnded = false
        var homeEnded = false
        /// Whether the trunk broke under it, at an entry.
        var isBroken = false
    }

    private struct World {
        var rig: TrunkRig
        var legs: [Leg] = []
        /// The legs that last, by the entry's device and by the home's connection.
        var (byDevice, byFar): ([ConnectionID: Int], [ConnectionID: Int]) = ([:], [:])
        var random: SplitMix
        var broken: String?
        var mishaps = 0

        init(seed: UInt64) {
            rig = TrunkRig(seed: seed)
            random = SplitMix(state: seed &* 77 &+ 5)
        }

        mutating func fail(_ text: String) { broken = broken ?? text }

        mutating func listen(_ run: Int) {
            for effect in rig.take(run) {
                switch effect {
                case .opened(let far, _, let frame):
                    // A first frame names its leg.
                    let index = Int(frame[0]) << 8 | Int(frame[1])
                    if legs[index].far != nil { fail("a leg is opened twice") }
                    legs[index].far = far
                    byFar[far] = index
                case .said(let far, let frame):
                    guard let index = byFar[far] else { return fail("said of no leg") }
                    legs[index].heardUp += frame
                case .gone(let far):
                    guard let index = byFar.removeValue(forKey: far) else { return fail("gone twice") }
                    legs[index].homeEnded = true
                case .told(let device, let frame, _):
                    guard let index = byDevice[device] else { return fail("told of no leg") }
                    legs[index].heardDown += frame
                case .closed(let device), .notHere(let device):
                    guard let index = byDevice.removeValue(forKey: device) else { return fail("closed twice") }
                    legs[index].entryEnded = true
                    if legs[index].heardDown != legs[index].saidDown { fail("closed before all was told") }
                case .broken(let device, let how):
                    guard let index = byDevice.removeValue(forKey: device) else { return fail("broken twice") }
                    legs[index].entryEnded = true
                    legs[index].isBroken = true
                    let mayBeHeard = how == .mayBeHeard || how == .silent
                    if !mayBeHeard, legs[index].far != nil { fail("unheard, and heard") }
                }
            }
        }

        mutating func step(faults: Int) throws {
            let run = Int.random(in: 0...1, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0...2:
                let index = legs.count
                let device = ConnectionID(number: UInt64(index + 1))
                legs.append(Leg(device: device))
                byDevice[device] = index
                rig.open(device.number, by: run, frame: [UInt8(index >> 8), UInt8(index & 255)])
            case 3...7:
                guard let device = random.pick(byDevice.keys.sorted { $0.number < $1.number }),
                    let index = byDevice[device]
                else { return }
                let entry = rig.runs[0].home(of: device) == nil ? 1 : 0
                let word = UInt8(truncatingIfNeeded: legs[index].saidUp.count)
                if rig.runs[entry].say([word], of: device, now: rig.now) {
                    legs[index].saidUp.append(word)
                } else {
                    byDevice[device] = nil
                    legs[index].entryEnded = true
                }
            case 8...12:
                guard let far = random.pick(byFar.keys.sorted { $0.number < $1.number }), let index = byFar[far]
                else { return }
                let home = rig.runs[0].leg(of: far) == nil ? 1 : 0
                let word = UInt8(truncatingIfNeeded: legs[index].saidDown.count)
                rig.runs[home].tell([word], hasMeeting: false, to: far)
                legs[index].saidDown.append(word)
            case 13:
                guard let device = random.pick(byDevice.keys.sorted { $0.number < $1.number }),
                    let index = byDevice.removeValue(forKey: device)
                else { return }
                legs[index].entryEnded = true
                rig.runs[rig.runs[0].home(of: device) == nil ? 1 : 0].forget(device, now: rig.now)
            case 14:
                guard let far = random.pick(byFar.keys.sorted { $0.number < $1.number }),
                    let index = byFar.removeValue(forKey: far)
                else { return }
                legs[index].homeEnded = true
                let home = rig.runs[0].leg(of: far) == nil ? 1 : 0
                if random.once(in: 2) {
                    rig.runs[home].close(far, now: rig.now)
                } else {
                    rig.runs[home].sendBack(far, now: rig.now)
                }
            case 15:
                // Where nothing goes wrong, what was said is heard before time passes.
                if faults == 0 { try rig.settle() }
                rig.now += random.milliseconds(0...1500)
                for run in 0...1 { rig.told[run] += rig.runs[run].deadlinesPassed(now: rig.now) }
            case 16...17:
                if faults > 0, random.once(in: faults) {
                    rig.faults[rig.said + 1] = random.pick(TrunkRig.Fault.allCases)
                    mishaps += 1
                }
                try rig.publish(run)
            default: _ = rig.hear(run)
            }
            listen(0)
            listen(1)
        }

        /// Whether everything that was heard is a beginning of what was said.
        mutating func judge() {
            for leg in legs {
                if !leg.saidUp.starts(with: leg.heardUp) { fail("up: \(leg.saidUp) \(leg.heardUp)") }
                if !leg.saidDown.starts(with: leg.heardDown) { fail("down: \(leg.saidDown) \(leg.heardDown)") }
            }
        }
    }

    @Test("Nothing is heard twice, out of order or behind a gap, and no leg is left over", arguments: [0, 4, 20])
    func histories(faults: Int) throws {
        var (heard, mishaps, breaks) = (0, 0, 0)
        for seed in 1...120 as ClosedRange<UInt64> {
            var world = World(seed: seed)
            for _ in 0..<300 { try world.step(faults: faults) }
            // Faults end, and time goes on.
            try world.rig.settle()
            try world.rig.pass(.seconds(10))
            world.listen(0)
            world.listen(1)
            world.judge()
            for leg in world.legs where !leg.entryEnded && !leg.homeEnded {
                if leg.heardUp != leg.saidUp || leg.heardDown != leg.saidDown { world.fail("\(leg) lacks something") }
            }
            if world.byDevice.count != world.byFar.count {
                world.fail("an end keeps a leg that the other does not have")
            }
            #expect(world.broken == nil, "seed \(seed)")
            for device in world.byDevice.keys {
                for run in 0...1 { world.rig.runs[run].forget(device, now: world.rig.now) }
            }
            try world.rig.pass(.seconds(70))
            #expect(world.rig.runs.allSatisfy { $0.farCount == 0 && $0.ownCount == 0 && $0.trunkCount == 0 })
            heard += world.legs.reduce(0) { $0 + $1.heardUp.count + $1.heardDown.count }
            mishaps += world.mishaps
            breaks += world.legs.count(where: \.isBroken)
        }
        #expect(heard > 2000)
        #expect(faults > 0 ? mishaps > 100 && breaks > 100 : breaks == 0)
    }
}
