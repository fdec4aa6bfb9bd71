import EasySetupRelayProtocol
import Testing

@testable import EasySetupRelayCore

@Suite("A device that has lost its home at another relay") struct SharedReturnTests {
    private static let visit = DeviceFrame.visit(slot: Slot("ABCD")!, work: nil)

    /// A relay at which visitor "A" has come, and has gone on elsewhere.
    private static func elsewhere(_ limits: Limits = Limits()) throws -> (Scene, SoughtDevice) {
        var scene = Scene.shared(limits)
        scene.come("A", visit)
        let device = try #require(scene.sought.last)
        scene.find("A", .elsewhere)
        #expect(scene.relay.statistics.connections == 0)
        return (scene, device)
    }

    @Test("It is sought again, without being counted or asked for work") func again() throws {
        var limits = Limits()
        limits.visitsPerPrefix = 1
        var (scene, device) = try Self.elsewhere(limits)
        // It has heard a frame.
        device.hasHeard = true
        for count in 2...5 {
            let before = scene.sought.count
            scene.happen { $0.cameBack(device, &$1) }
            // A device that is here is not taken up twice.
            scene.happen { $0.cameBack(device, &$1) }
            #expect(scene.sought.count == before + 1 && scene.sought.last == device, "\(count)")
            #expect(scene.relay.statistics.roomless == 1 && scene.relay.brokenBound == nil)
            scene.find("A", .waits)
            #expect(scene.last("A") == .inLine(position: 1))
            scene.find("A", .elsewhere)
        }
    }

    @Test("It meets the offerer if the room is here by now") func here() {
        var scene = Scene.sharedOffered()
        scene.come("A", Self.visit)
        scene.find("A", .elsewhere)
        let device = SoughtDevice(
            connection: ConnectionID("A"),
            prefix: Scene.home,
            goal: .visit(scene.slot),
            frame: .visit(slot: scene.slot, work: nil)
        )
        scene.happen { $0.cameBack(device, &$1) }
        guard case .met = scene.last("A") else {
            Issue.record("\(String(describing: scene.last("A")))")
            return
        }
    }

    @Test("A relay that drains sends it elsewhere, and a relay alone has none of it") func draining() throws {
        var (scene, device) = try Self.elsewhere()
        scene.happen { _ = $0.drain(&$1) }
        scene.happen { $0.cameBack(device, &$1) }
        #expect(scene.last("A") == Scene.comeAgain && scene.closed.contains("A"))
        var alone = Scene()
        #expect(alone.happen { $0.cameBack(device, &$1) } == [])
    }
}
