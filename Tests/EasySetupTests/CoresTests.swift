import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetup

/// The real client against a relay with more than one core.
@Suite("Many devices and a relay of two cores", .inTurn, .timeLimit(.minutes(60))) struct CoresTests {
    @Test("Many devices pair at once, each two of them with each other", arguments: [false, true]) func pairings(
        tls: Bool
    )
        async throws
    {
        try await LiveRelay.run(tls: tls, configure: { $0.cores = 2 }) { relay in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        let seed = SyncSeed.random()
                        let offerer = Watch(
                            relay.client("old laptop", seed).offer(at: relay.address, approve: { _ in .approve })
                        )
                        let code = try await offerer.offer().code
                        let visitor = Watch(
                            relay.client("new phone").join(code, at: relay.address, approve: { _ in .approve })
                        )
                        let (here, there) = try await (offerer.outcome().get(), visitor.outcome().get())
                        #expect(here.userID == seed.userID)
                        #expect(there.userID == seed.userID)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A wrong code on one core is counted on the other") func wrongCode() async throws {
        try await LiveRelay.run(configure: { $0.cores = 2 }) { relay in
            let seed = SyncSeed.random()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let offer = try await offerer.offer()
            for _ in 1...3 {
                let wrong = try offer.code.wrong()
                let visitor = Watch(
                    relay.client("stranger").join(wrong, at: relay.address, approve: { _ in .decline })
                )
                #expect(try await visitor.failure() == .wrongCode)
            }
            let fresh = try await offerer.offer(2)
            let visitor = Watch(relay.client("other").join(fresh.code, at: relay.address, approve: { _ in .decline }))
            #expect(try await visitor.outcome().get().userID == seed.userID)
        }
    }
}
