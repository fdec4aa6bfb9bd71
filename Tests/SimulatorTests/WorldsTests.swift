import Simulator
import Testing

@Suite("Simulated worlds", .timeLimit(.minutes(5))) struct WorldsTests {
    @Test("a plain pair finishes") func plain() {
        let world = World(seed: 1)
        let user = world.addUser(at: world.addRelay())
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
    }
}
