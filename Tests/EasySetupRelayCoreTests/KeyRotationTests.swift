import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// A relay whose keys are replaced while it runs.
@Suite("Keys that are replaced") struct KeyRotationTests {
    static func keys(_ current: UInt8, _ others: UInt8...) throws -> TokenKeys {
        try TokenKeys(current: bytes(current), others: others.map(bytes))
    }

    static func bytes(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: 32) }

    static func token(_ scene: Scene, key: UInt8, expiresIn seconds: Int64) throws -> Token {
        TokenClaims(
            slot: scene.slot,
            offer: OfferID([UInt8](repeating: 4, count: 16))!,
            meeting: nil,
            deadline: scene.now.utcSeconds + seconds
        )
        .token(keys: try keys(key))
    }

    @Test("Every key of a relay is good for coming back") func manyKeys() throws {
        for position in 0..<4 {
            var scene = Scene.met()
            var others: [UInt8] = [1, 2, 3]
            others.insert(7, at: position)
            scene.restart(keys: try TokenKeys(current: Self.bytes(9), others: others.map(Self.bytes)))
            scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
            #expect(scene.last("B2") == .attachedOfferer(expiresIn: .seconds(595), meetings: [], slotLost: false))
        }
    }

    @Test("A pairing goes on when the relay's key is replaced, and when that happens twice") func goesOn() throws {
        var scene = Scene.met()
        scene.replaceKeys(by: try Self.keys(8))
        scene.replaceKeys(by: try Self.keys(9))
        scene.lose("B")
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.heard["B2"]?.first.isAttachedOfferer == true)
    }

    @Test("New tokens are made with the new key") func newTokens() throws {
        var scene = Scene()
        scene.replaceKeys(by: try Self.keys(8))
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.restart(keys: try Self.keys(8))
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B2").isAttachedOfferer)
    }

    @Test("A token of a replaced key lives no longer than the tokens that were made before") func noYoungerTokens()
        throws
    {
        var scene = Scene.offered()
        scene.replaceKeys(by: try Self.keys(8))
        let lifetime = scene.limits.codeLifetime.components.seconds
        let (old, young) = (
            try Self.token(scene, key: 7, expiresIn: lifetime), try Self.token(scene, key: 7, expiresIn: lifetime + 1)
        )
        scene.come("C", .attachOfferer(token: young, held: []))
        #expect(scene.last("C") == .refused(.relayForgot, retryAfter: .zero))
        scene.come("D", .attachOfferer(token: old, held: []))
        #expect(scene.last("D").isAttachedOfferer)
    }

    @Test("A calendar that is set back before a key is replaced costs no living room") func calendarSetBack() throws {
        var scene = Scene.offered()
        scene.now.utcSeconds -= 20
        scene.replaceKeys(by: try Self.keys(8))
        scene.lose("B")
        scene.come("B2", .attachOfferer(token: scene.tokens["B"]!, held: []))
        #expect(scene.last("B2").isAttachedOfferer)
    }

    @Test("A room that a forged token made does not keep a stolen key alive") func forgedDeadline() throws {
        var scene = Scene()
        scene.slot = Scene.offered().slot
        let lifetime = scene.limits.codeLifetime.components.seconds
        scene.come("A", .attachOfferer(token: try Self.token(scene, key: 7, expiresIn: lifetime * 100), held: []))
        #expect(scene.last("A").isAttachedOfferer)
        scene.replaceKeys(by: try Self.keys(8))
        // Later than any token that the relay itself made with the stolen key.
        scene.pass(.seconds(lifetime + 1))
        scene.come("C", .attachOfferer(token: try Self.token(scene, key: 7, expiresIn: 60), held: []))
        #expect(scene.last("C") == .refused(.relayForgot, retryAfter: .zero))
    }

    @Test("A key that comes back is believed like any other") func comesBack() throws {
        var scene = Scene.offered()
        scene.replaceKeys(by: try Self.keys(8))
        scene.replaceKeys(by: try Self.keys(8, 7))
        scene.come("C", .attachOfferer(token: try Self.token(scene, key: 7, expiresIn: 601), held: []))
        #expect(scene.last("C").isAttachedOfferer)
    }

    @Test("A stranger's key is unknown before and after") func strangersKey() throws {
        var scene = Scene.offered()
        scene.replaceKeys(by: try Self.keys(8))
        scene.come("C", .attachOfferer(token: try Self.token(scene, key: 3, expiresIn: 60), held: []))
        #expect(scene.last("C") == .refused(.relayForgot, retryAfter: .zero))
    }

    @Test("Work that was asked for before the key was replaced counts as long as it would have")
    func workCounts() throws {
        var (scene, challenge, difficulty) = try WorkTests.asked()
        let work = WorkTests.solve(challenge, difficulty)
        scene.replaceKeys(by: try Self.keys(8))
        var late = scene
        scene.send("2", .offer(slotLength: 0, work: work))
        #expect(scene.last("2").isOffered)
        late.pass(.seconds(31))
        late.come("3", .offer(slotLength: 0, work: work))
        #expect(late.last("3") == .refused(.badWork, retryAfter: .zero))
    }

    @Test("New challenges are made with the new key") func newChallenges() throws {
        var (scene, _, _) = try WorkTests.asked()
        scene.replaceKeys(by: try Self.keys(8))
        scene.replaceKeys(by: try Self.keys(9))
        scene.come("3", .offer(slotLength: 0, work: nil))
        guard case .workWanted(let challenge, let difficulty, _) = scene.last("3") else { throw WorkTests.NotAsked() }
        scene.send("3", .offer(slotLength: 0, work: WorkTests.solve(challenge, difficulty)))
        #expect(scene.last("3").isOffered)
    }
}

extension RelayFrame? {
    fileprivate var isAttachedOfferer: Bool {
        if case .attachedOfferer? = self { true } else { false }
    }

    fileprivate var isOffered: Bool {
        if case .offered? = self { true } else { false }
    }
}
