import EasySetupHandshake
import EasySetupRelay
import EasySetupRelayCore
import EasySetupRelayProtocol
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetup

/// The real client against the real relay on real sockets.
@Suite("Two devices and a relay", .inTurn, .timeLimit(.minutes(60))) struct EndToEndTests {
    struct Way: Sendable, CustomTestStringConvertible {
        var tls: Bool
        var offererHolds: Bool
        var byLink: Bool

        var testDescription: String {
            "\(tls ? "TLS" : "plain"), \(offererHolds ? "the offerer" : "the visitor") holds, by \(byLink ? "link" : "code")"
        }

        static let all = [true, false].flatMap { tls in
            [
                Way(tls: tls, offererHolds: true, byLink: false), Way(tls: tls, offererHolds: true, byLink: true),
                Way(tls: tls, offererHolds: false, byLink: false),
            ]
        }
    }

    @Test("Two devices pair, whichever holds the seed", arguments: Way.all) func pairing(way: Way) async throws {
        try await LiveRelay.run(tls: way.tls) { relay in
            let seed = SyncSeed.random(createdAt: 1_700_000_000)
            let store = MemorySeedStore()
            let offering = way.offererHolds ? relay.client("old laptop", seed) : relay.client("TV", store: store)
            let visiting = way.offererHolds ? relay.client("new phone", store: store) : relay.client("phone", seed)

            let offerer = Watch(offering.offer(at: relay.address, approve: { _ in .approve }))
            let offer = try await offerer.offer()
            #expect((offer.link != nil) == way.offererHolds)
            let pairing =
                way.byLink
                ? visiting.join(try PairingLink(parsing: try #require(offer.link).revealed()))
                : visiting.join(
                    try PairingCode(typed: offer.code.revealed().lowercased()),
                    at: relay.address,
                    approve: { .word($0.peer.words.second.uppercased()) }
                )
            let visitor = Watch(pairing)

            let (here, there) = try await (offerer.outcome().get(), visitor.outcome().get())
            #expect(here.userID == seed.userID)
            #expect(there.userID == seed.userID)
            #expect(here.peer.words == there.peer.words)
            #expect(here.role == (way.offererHolds ? .holder : .receiver))
            let stored = try await #require(store.load())
            #expect(stored.isSame(as: seed))
            #expect(stored.createdAt == 1_700_000_000)
        }
    }

    @Test("Two holders and two receivers are told so on both sides", arguments: [true, false])
    func sameRoles(bothHold: Bool) async throws {
        try await LiveRelay.run { relay in
            let seeds: [SyncSeed?] = bothHold ? [.random(), .random()] : [nil, nil]
            let offerer = Watch(
                relay.client("one", seeds[0]).offer(at: relay.address, approve: { _ in .approve })
            )
            let offer = try await offerer.offer()
            let visitor = Watch(
                relay.client("other", seeds[1]).join(offer.code, at: relay.address, approve: { _ in .approve })
            )
            let expected: PairingError = bothHold ? .bothHold : .bothReceive
            #expect(try await offerer.failure() == expected)
            let there = try await visitor.failure()
            #expect(there == expected)
        }
    }

    @Test("Two devices that hold the same seed are told on both sides that they are paired already")
    func alreadyPaired() async throws {
        try await LiveRelay.run { relay in
            let seed = SyncSeed.random()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let offer = try await offerer.offer()
            let visitor = Watch(
                relay.client("other", seed).join(offer.code, at: relay.address, approve: { _ in .approve })
            )
            #expect(try await offerer.failure() == .alreadyPaired)
            #expect(try await visitor.failure() == .alreadyPaired)
        }
    }

    @Test("A holder that opens a link stops before anything is sent") func linkToHolder() async throws {
        try await LiveRelay.run { relay in
            let offerer = Watch(
                relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve })
            )
            let link = try await #require(offerer.offer().link)
            let visitor = Watch(relay.client("other", .random()).join(link))
            #expect(try await visitor.failure() == .linkDirection)
            #expect(await visitor.states.count == 1)
        }
    }

    @Test("A wrong code is reported on both sides and may be typed again") func wrongCode() async throws {
        try await LiveRelay.run { relay in
            let seed = SyncSeed.random()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let offer = try await offerer.offer()
            let client = relay.client("other")
            let first = Watch(client.join(try offer.code.wrong(), at: relay.address, approve: { _ in .decline }))
            #expect(try await first.failure() == .wrongCode)
            let told = await offerer.first { if case .wrongProof(count: 1) = $0 { true } else { false } }
            #expect(told != nil)
            let second = Watch(client.join(offer.code, at: relay.address, approve: { _ in .decline }))
            #expect(try await second.outcome().get().userID == seed.userID)
            #expect(try await offerer.outcome().get().userID == seed.userID)
        }
    }

    @Test("The third wrong code burns the code, and a fresh one with a longer slot is shown") func burnt() async throws
    {
        try await LiveRelay.run { relay in
            let seed = SyncSeed.random()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let offer = try await offerer.offer()
            for _ in 1...3 {
                let visitor = Watch(
                    relay.client("stranger").join(
                        try offer.code.wrong(),
                        at: relay.address,
                        approve: { _ in .decline }
                    )
                )
                #expect(try await visitor.failure() == .wrongCode)
            }
            let fresh = try await offerer.offer(2)
            #expect(fresh.code.slot.count == 6)
            let late = Watch(
                relay.client("late").join(offer.code, at: relay.address, approve: { _ in .decline })
            )
            #expect(try await late.failure() == .codeBurnt)
            let visitor = Watch(
                relay.client("other").join(fresh.code, at: relay.address, approve: { _ in .decline })
            )
            #expect(try await visitor.outcome().get().userID == seed.userID)
            #expect(try await offerer.outcome().get().userID == seed.userID)
        }
    }

    @Test("Nine wrong tries end the act after three codes, and the user has to begin again") func codesSpent()
        async throws
    {
        try await LiveRelay.run { relay in
            let offerer = Watch(
                relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve })
            )
            for ordinal in 1...3 {
                let offer = try await offerer.offer(ordinal)
                for _ in 1...3 {
                    let visitor = Watch(
                        relay.client("stranger").join(
                            try offer.code.wrong(),
                            at: relay.address,
                            approve: { _ in .decline }
                        )
                    )
                    #expect(try await visitor.failure() == .wrongCode)
                }
            }
            #expect(try await offerer.failure() == .codesSpent)
        }
    }

    @Test("One device tries one code three times and no more") func triesSpent() async throws {
        try await LiveRelay.run { relay in
            let offerer = Watch(
                relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve })
            )
            let offer = try await offerer.offer()
            let client = relay.client("other")
            for _ in 1...3 {
                let visitor = Watch(
                    client.join(try offer.code.wrong(), at: relay.address, approve: { _ in .decline })
                )
                #expect(try await visitor.failure() == .wrongCode)
            }
            let fourth = Watch(client.join(offer.code, at: relay.address, approve: { _ in .decline }))
            #expect(try await fourth.failure() == .triesSpent)
            #expect(await fourth.states.count == 1)
        }
    }

    @Test("Stopping one side stops the other", arguments: [true, false]) func cancelling(isOfferer: Bool) async throws {
        try await LiveRelay.run { relay in
            let offering = relay.client("one", .random()).offer(
                at: relay.address,
                approve: { _ in
                    await noAnswer()
                    return .approve
                }
            )
            let offerer = Watch(offering)
            let code = try await offerer.offer().code
            let joining = relay.client("other").join(code, at: relay.address, approve: { _ in .decline })
            if isOfferer {
                let (stop, stopping) = AsyncStream<Void>.makeStream()
                let second = relay.client("one", .random()).offer(
                    at: relay.address,
                    approve: { _ in
                        stopping.yield()
                        await noAnswer()
                        return .approve
                    }
                )
                let (codes, found) = AsyncStream<PairingCode>.makeStream()
                let task = Task {
                    for await state in second { if case .offered(let offer) = state { found.yield(offer.code) } }
                }
                let code = try #require(await codes.first { _ in true })
                let visitor = Watch(relay.client("other").join(code, at: relay.address, approve: { _ in .decline }))
                _ = await stop.first { _ in true }
                task.cancel()
                #expect(try await visitor.failure() == .cancelled)
            } else {
                let task = Task { for await _ in joining {} }
                let asked = await offerer.first { if case .deciding = $0 { true } else { false } }
                #expect(asked != nil)
                task.cancel()
                #expect(try await offerer.failure() == .cancelled)
            }
        }
    }

    @Test("A code that expires is replaced; typed late it says that it has expired") func expired() async throws {
        try await LiveRelay.run { relay in
            let offerer = Watch(
                relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve })
            )
            let first = try await offerer.offer()
            relay.clock.pass(.seconds(600))
            _ = try await offerer.offer(2)
            let late = Watch(
                relay.client("late").join(first.code, at: relay.address, approve: { _ in .decline })
            )
            #expect(try await late.failure() == .expired)
            relay.clock.pass(.seconds(600))
            _ = try await offerer.offer(3)
            relay.clock.pass(.seconds(600))
            #expect(try await offerer.failure() == .codesSpent)
        }
    }

    @Test("A visitor that comes after the seat is taken is told so") func seated() async throws {
        try await LiveRelay.run { relay in
            let (answers, answer) = AsyncStream<Void>.makeStream()
            let offerer = Watch(
                relay.client("one", .random()).offer(
                    at: relay.address,
                    approve: { _ in
                        for await _ in answers { break }
                        return .approve
                    }
                )
            )
            let code = try await offerer.offer().code
            let visitor = Watch(relay.client("first").join(code, at: relay.address, approve: { _ in .decline }))
            _ = await visitor.first { if case .waiting = $0 { true } else { false } }
            let second = Watch(relay.client("second").join(code, at: relay.address, approve: { _ in .decline }))
            #expect(try await second.failure() == .seated)
            answer.yield()
            #expect(try await visitor.failure() == nil)
            #expect(try await offerer.failure() == nil)
        }
    }

    @Test("Strangers who take every place and prove nothing keep nobody out") func strangers() async throws {
        try await LiveRelay.run { relay in
            let seed = SyncSeed.random()
            let offerer = Watch(relay.client("one", seed).offer(at: relay.address, approve: { _ in .approve }))
            let code = try await offerer.offer().code
            let slot = try #require(Slot(code.slot))
            var strangers: [RelayConnection] = []
            for _ in 0..<16 {
                let met = AsyncStream<Void>.makeStream()
                let stranger = try await RelayConnection.open(
                    to: relay.address,
                    tls: relay.roots,
                    by: .none,
                    through: .webSocket,
                    limits: .unhurried
                ) {
                    if case .frames = $0 { met.continuation.yield() }
                }
                stranger.send([.visit(slot: slot, work: nil)])
                stranger.read()
                _ = await met.stream.first { _ in true }
                strangers.append(stranger)
            }
            let visitor = Watch(relay.client("other").join(code, at: relay.address, approve: { _ in .decline }))
            let waited = await visitor.first { if case .inLine(position: 1) = $0 { true } else { false } }
            #expect(waited != nil)
            // The strangers still owe message 1 (the hello). After these two seconds, the relay gives their places to
            // those that wait.
            relay.clock.pass(.seconds(2))
            #expect(try await visitor.outcome().get().userID == seed.userID)
            #expect(try await offerer.outcome().get().userID == seed.userID)
            for stranger in strangers { stranger.close() }
        }
    }

    @Test("A full relay is reported as full") func full() async throws {
        try await LiveRelay.run(configure: { $0.limits.rooms = 1 }) { relay in
            let offerer = Watch(relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve }))
            _ = try await offerer.offer()
            let second = Watch(relay.client("two", .random()).offer(at: relay.address, approve: { _ in .approve }))
            guard case .relayFull(let wait)? = try await second.failure()?.kind else {
                Issue.record("the second was let in")
                return
            }
            #expect(wait > .zero)
        }
    }

    @Test("Leaving the loop over the states stops the pairing") func leavingTheLoop() async throws {
        try await LiveRelay.run { relay in
            func firstCode() async -> PairingCode? {
                for await state in relay.client("one", .random()).offer(at: relay.address, approve: { _ in .approve }) {
                    if case .offered(let offer) = state { return offer.code }
                }
                return nil
            }
            let code = try #require(await firstCode())
            let visitor = Watch(relay.client("other").join(code, at: relay.address, approve: { _ in .decline }))
            #expect(try await visitor.failure() == .cancelled)
        }
    }

    @Test("A code that nobody shows is unknown") func unknown() async throws {
        try await LiveRelay.run { relay in
            let code = try PairingCode(slot: "ZZZ", random: SecretBytes.random(count: 5))
            let visitor = Watch(relay.client("other").join(code, at: relay.address, approve: { _ in .decline }))
            #expect(try await visitor.failure() == .noSuchCode)
        }
    }

    @Test("A relay that is away, is no relay, or is not trusted has an error of its own") func relays()
        async throws
    {
        let nowhere = try #require(RelayAddress(host: "127.0.0.1", port: 1, isPlain: true))
        let store = MemorySeedStore(.random())
        var limits = ClientLimits.unhurried
        limits.reachTimeout = .zero
        let client = PairingClient(name: DeviceName(cleaning: "one")!, store: store, limits: limits)
        let failure = try await Watch(client.offer(at: nowhere, approve: { _ in .decline })).failure()
        #expect(failure == .relayUnreachable(.refused))
        try await LiveRelay.run(tls: true) { relay in
            let watch = Watch(client.offer(at: relay.address, approve: { _ in .decline }))
            let failure = try await watch.failure()
            #expect(failure == .relayUntrusted(.selfSigned))
        }
    }
}
