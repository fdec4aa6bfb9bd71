import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// Devices that come back with a token, or wait for one that does, while strangers try to take every place.
@Suite("Devices that come back among crowds") struct CrowdReturnTests {
    @Test("Strangers who visited a code leave a place for its visitor to wait for the offerer after a restart")
    func waitingForOfferer() {
        var scene = Scene.offered(CrowdTests.free())
        for number in 0..<15 { scene.visit("\(number)", 1_000 + number) }
        scene.visit("A", 1)
        scene.restart(limits: scene.limits)
        // All visitors come from one address now, like a bot that had many addresses before.
        var waiting = 0
        for number in 0..<15 {
            scene.come(
                "\(number)",
                from: Scene.home,
                .attachVisitor(token: scene.tokens["\(number)"]!, acked: 0, received: 0)
            )
            if scene.closed.contains("\(number)") {
                #expect(scene.last("\(number)") == .refused(.relayFull, retryAfter: .seconds(30)))
            } else {
                waiting += 1
            }
        }
        #expect(waiting == 1)
        scene.come("A", from: Scene.address(1), .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(!scene.closed.contains("A"))
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A block of addresses, too, leaves a place to wait for the offerer") func waitingBlock() {
        var scene = Scene.offered(CrowdTests.free())
        for number in 0..<15 { scene.visit("\(number)", 1_000 + number) }
        scene.visit("A", 1)
        scene.restart(limits: scene.limits)
        for number in 0..<15 {
            let prefix = Scene.address(512 + number)
            scene.come(
                "\(number)",
                from: prefix,
                .attachVisitor(token: scene.tokens["\(number)"]!, acked: 0, received: 0)
            )
        }
        #expect((0..<15).count { !scene.closed.contains("\($0)") } == 8)
        scene.come("A", from: Scene.address(1), .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(!scene.closed.contains("A"))
    }

    @Test("A visitor that waits for its offerer and comes again has one place, on the newer connection")
    func again() {
        var scene = Scene.met(CrowdTests.free { $0.waitingForOffererPerRoom = 1 })
        scene.restart(limits: scene.limits)
        func attach(_ name: String, _ attempt: UInt32) {
            scene.come(name, .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0, attempt: attempt))
        }
        attach("A2", 2)
        attach("A3", 3)
        #expect(scene.last("A2") == .refused(.elsewhere, retryAfter: .zero))
        // This attach was on its way for longer than the newer ones.
        attach("A1", 1)
        #expect(scene.last("A1") == .refused(.elsewhere, retryAfter: .zero))
        #expect(!scene.closed.contains("A3"))
        scene.come(
            "B2",
            .attachOfferer(token: scene.tokens["B"]!, held: [AttachTests.held(scene.meetings["A"]!, 0, 0)])
        )
        #expect(scene.heard["A3"]?.contains { if case .attachedVisitor = $0 { true } else { false } } == true)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A device that comes back needs no place that strangers hold") func placesOfTheirOwn() {
        var limits = CrowdTests.free()
        limits.offersPerPrefix = 1
        limits.roomless = 4
        var scene = Scene.met(limits)
        for number in 2..<8 {
            for again in ["", " again"] {
                scene.come("\(number)\(again)", from: Scene.address(number << 8), .offer(slotLength: 0, work: nil))
            }
        }
        #expect(scene.last("7 again") == .refused(.relayFull, retryAfter: .seconds(30)))
        scene.lose("B")
        scene.lose("A")
        scene.come("B", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B")?.isAttached == true || scene.heard["B"]?.contains { $0.isAttached } == true)
        scene.come("A", from: Scene.address(1), .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0))
        #expect(scene.heard["A"]?.contains { $0.isAttached } == true)
    }

    @Test("A device that comes back is let in where new ones find no place for connections") func crowdedOutside() {
        var scene = Scene.met()
        scene.lose("A")
        let full = AdmissionRefusal(reason: .relayFull, retryAfter: .seconds(30))
        scene.connect("A")
        scene.send("A", .attachVisitor(token: scene.tokens["A"]!, acked: 0, received: 0), crowded: full)
        #expect(scene.heard["A"]?.contains { $0.isAttached } == true)
        scene.connect("C")
        scene.send("C", .visit(slot: scene.slot, work: nil), crowded: full)
        #expect(scene.last("C") == .refused(.relayFull, retryAfter: .seconds(30)))
    }

    static func held(_ count: Int, exchanged: Bool = false, seated: Bool = false) -> [MeetingResume] {
        (0..<count).map { number in
            let id = MeetingID((0..<16).map { UInt8($0 == 0 ? number : $0) })!
            return MeetingResume(meeting: id, acked: 0, received: exchanged ? 1 : 0, isSeated: seated && number == 0)
        }
    }

    /// A relay after a restart, with the tokens of `count` offers from different addresses.
    static func restarted(_ count: Int, _ limits: Limits) -> Scene {
        var scene = Scene(limits)
        for number in 0..<count { _ = CrowdTests.offers(&scene, "\(number)", Scene.address(number << 8)) }
        scene.restart(limits: limits)
        return scene
    }

    @Test("Meetings that tokens bring leave an eighth of the places for meetings with exchanged messages")
    func restore() {
        let limits = CrowdTests.free { $0.meetingsInAll = 64 }
        var scene = Self.restarted(12, limits)
        var named = 0
        for number in 0..<10 {
            let name = "\(number)"
            let frame = DeviceFrame.attachOfferer(token: scene.tokens[name]!, held: Self.held(8))
            scene.come(name, from: Scene.address(number << 8), frame)
            guard case .attachedOfferer(_, let meetings, _)? = scene.heard[name]?.first(where: \.isAttached) else {
                Issue.record("\(number)")
                continue
            }
            named += meetings.count
        }
        // An eighth is reserved for meetings in which messages were exchanged.
        #expect(named == 56 && scene.relay.statistics.meetings == 56)
        let exchanged = DeviceFrame.attachOfferer(token: scene.tokens["10"]!, held: Self.held(4, exchanged: true))
        scene.come("10", from: Scene.address(10 << 8), exchanged)
        #expect(scene.relay.statistics.meetings == 60)
        let seated = Self.held(1, exchanged: true, seated: true)
        scene.come("11", from: Scene.address(11 << 8), .attachOfferer(token: scene.tokens["11"]!, held: seated))
        #expect(scene.relay.statistics.meetings == 61 && scene.relay.statistics.seated == 1)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A device whose seat has no place is told so, and may come again") func seatWithoutPlace() {
        var scene = Self.restarted(2, CrowdTests.free { $0.meetingsInAll = 8 })
        let many = Self.held(8, exchanged: true)
        scene.come("0", from: Scene.address(0), .attachOfferer(token: scene.tokens["0"]!, held: many))
        #expect(scene.relay.statistics.meetings == 8)
        let seated = Self.held(1, exchanged: true, seated: true)
        scene.come("1", from: Scene.address(1 << 8), .attachOfferer(token: scene.tokens["1"]!, held: seated))
        #expect(scene.last("1") == .refused(.relayFull, retryAfter: .seconds(30)))
        #expect(scene.relay.statistics.rooms == 1)
    }

    @Test("Tokens of one address don't fill the next relay, and all devices of a house come back") func tokens() {
        var limits = CrowdTests.free { $0.meetingsInAll = 4_000 }
        limits.restoresPerPrefix = Limits().restoresPerPrefix
        var scene = Self.restarted(250, limits)
        for number in 0..<250 {
            let token = scene.tokens["\(number)"]!
            scene.come("\(number)", .attachOfferer(token: token, held: Self.held(16, exchanged: true)))
        }
        #expect(scene.relay.statistics.rooms == 80)
        #expect(scene.last("249") == .refused(.tooMany, retryAfter: .seconds(30)))
    }
}
