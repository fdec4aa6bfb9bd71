package import EasySetupRelayProtocol
import SeededRandom

/// A stranger that has recorded what devices sent, even tokens, and sends it again.
package final class Replayer: Outsider {
    private let pace: Duration
    private let onlyOld: Bool
    /// How many times the relay took the stranger for the device.
    package private(set) var accepted = 0

    /// - Parameter onlyOld: whether all recorded frames are from acts that are over.
    package init(_ world: World, at relay: any RelayEnd, path: Path, pace: Duration, onlyOld: Bool) {
        self.pace = pace
        self.onlyOld = onlyOld
        super.init(world, at: relay, path: path)
        world.isRecording = true
    }

    package override func begin() { isLost() }

    package override func isConnected() {
        let mine = world.recorded.filter { $0.relay === relay && (!onlyOld || $0.act.end != nil) }
        // The stranger prefers attach frames, because the relay may take it for the device after one.
        let attaches = mine.filter(\.isAttach)
        guard let first = random.pick(random.once(in: 3) ? mine : attaches) else { return hangUpLater() }
        say(first.bytes)
        for _ in 0..<3 { if let more = random.pick(mine) { say(more.bytes) } }
        hangUpLater()
    }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .attachedOfferer, .attachedVisitor: accepted += 1
        default: break
        }
    }

    package override func isLost() { after(pace) { [unowned self] in connect() } }

    private func hangUpLater() {
        after(.seconds(5)) { [unowned self] in
            guard connection != nil else { return }
            hangUp()
            isLost()
        }
    }
}

/// A frame that a device has sent, and the act in which the device sent it.
struct Recorded {
    let bytes: [UInt8]
    let isAttach: Bool
    let act: Act
    unowned let relay: any RelayEnd
}

extension World {
    func record(_ bytes: [UInt8], _ frame: DeviceFrame, _ act: Act, _ relay: any RelayEnd) {
        guard recorded.count < 512 else { return }
        let isAttach =
            switch frame {
            case .attachOfferer, .attachVisitor: true
            default: false
            }
        recorded.append(Recorded(bytes: bytes, isAttach: isAttach, act: act, relay: relay))
    }
}
