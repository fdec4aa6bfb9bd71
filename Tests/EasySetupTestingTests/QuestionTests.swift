import EasySetup
import EasySetupTesting
import Synchronization
import Testing

/// Tests of the sentences that the article "The states of a screen" has about the life of a question.
@Suite("The life of a question") struct QuestionTests {
    /// A closure that asks, and waits until the test answers or the pairing withdraws the question.
    private final class Asker<Request: Sendable, Answer: Sendable>: Sendable {
        private struct State {
            var requests: [Request] = []
            var withdrawn = 0
            var answers: AsyncStream<Answer>.Continuation?
        }

        private let state = Mutex(State())

        var requests: [Request] { state.withLock(\.requests) }
        var withdrawn: Int { state.withLock(\.withdrawn) }

        func ask(_ request: Request, otherwise: Answer) async -> Answer {
            let (answers, continuation) = AsyncStream<Answer>.makeStream()
            state.withLock { state in
                state.requests.append(request)
                state.answers = continuation
            }
            for await answer in answers { return answer }
            state.withLock { $0.withdrawn += 1 }
            return otherwise
        }

        func answer(_ answer: Answer, at clock: TestClock) async {
            _ = state.withLock(\.answers)?.yield(answer)
            await clock.settle()
        }
    }

    private typealias Approving = Asker<ApprovalRequest, Approval>
    private typealias Accepting = Asker<AcceptanceRequest, Acceptance>

    @Test(
        "Neither a lost connection nor an absent device withdraws or repeats a question, and the answer counts meanwhile"
    )
    func reconnects() async throws {
        let (app, asker) = (TestedApp(.random()), Approving())
        let screen = await app.offer(approve: { await asker.ask($0, otherwise: .unclear) })
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        #expect(screen.state?.code == .deciding)
        await phone.disappears()
        #expect(screen.state?.code == .peerAway)
        await phone.comesBack()
        await app.clock.advance(by: .seconds(15))
        #expect(screen.state?.code == .deciding)
        await app.network.goOffline()
        #expect(screen.state?.code == .reconnecting)
        #expect(asker.requests.count == 1)
        #expect(asker.withdrawn == 0)
        await asker.answer(.approve, at: app.clock)
        await app.network.goOnline()
        await app.clock.advance(by: .seconds(15))
        #expect(screen.paired != nil && phone.paired != nil)
        #expect(asker.requests.count == 1)
        #expect(asker.withdrawn == 0)
    }

    @Test("The state comes before the question") func order() async throws {
        let app = TestedApp(.random())
        let atQuestion = AsyncStream<[PairingState.Code]>.makeStream()
        let recorder = AsyncStream<PairingRecorder>.makeStream()
        let screen = await app.offer(approve: { _ in
            for await screen in recorder.stream {
                atQuestion.continuation.yield(screen.codes)
                break
            }
            return .approve
        })
        recorder.continuation.yield(screen)
        await ScriptedPeer(at: app.relay).types(try #require(screen.offer).code)
        for await codes in atQuestion.stream {
            #expect(codes == [.connecting, .offered, .deciding])
            break
        }
    }

    enum End: CaseIterable { case otherStops, thisStops, deadline, relayForgets }

    @Test(
        "The pairing withdraws a question when it ends otherwise, by cancelling the closure's task",
        arguments: End.allCases
    )
    func withdrawn(end: End) async throws {
        let (app, asker) = (TestedApp(.random()), Approving())
        let screen = await app.offer(approve: { await asker.ask($0, otherwise: .approve) })
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        switch end {
        case .otherStops: await phone.cancels()
        case .thisStops: screen.cancel()
        case .deadline: await app.clock.advance(by: .seconds(300))
        case .relayForgets:
            await app.relay.kill(losingKey: true)
            await app.relay.start()
            await app.clock.advance(by: .seconds(300))
        }
        await app.clock.settle()
        #expect(asker.requests.count == 1)
        #expect(asker.withdrawn == 1)
        // An answer that the closure returns after that, here a yes, counts no more.
        #expect(screen.error != nil && phone.paired == nil)
        #expect(try await phone.store.load() == nil)
    }

    @Test(
        "A closure that does not hear that its task is cancelled keeps no pairing from ending, and its late yes gives nothing"
    )
    func deaf() async throws {
        let app = TestedApp(.random())
        let answer = AsyncStream<CheckedContinuation<Void, Never>>.makeStream()
        let screen = await app.offer(approve: { _ in
            await withCheckedContinuation { answer.continuation.yield($0) }
            return .approve
        })
        let phone = ScriptedPeer(at: app.relay)
        await phone.types(try #require(screen.offer).code)
        await phone.cancels()
        #expect(screen.error?.code == .cancelled)
        for await late in answer.stream {
            late.resume()
            break
        }
        await app.clock.settle()
        #expect(screen.codes == [.connecting, .offered, .deciding, .failed])
        #expect(try await phone.store.load() == nil)
    }

    @Test("A wrong word calls the closure again, and shows no state") func wrongWord() async throws {
        let (app, asker) = (TestedApp(.random()), Approving())
        let code = try await ScriptedPeer(at: app.relay).showsCode().code
        let screen = await app.join(code, approve: { await asker.ask($0, otherwise: .unclear) })
        await asker.answer(.word("otters"), at: app.clock)
        await asker.answer(.word(" "), at: app.clock)
        #expect(asker.requests.map(\.attempt) == [1, 2, 2])
        #expect(asker.requests.map(\.mistake) == [nil, .slip, .nothing])
        #expect(screen.codes == [.connecting, .greeting, .deciding])
        await asker.answer(.word(try #require(asker.requests.last).peer.words.first), at: app.clock)
        #expect(screen.paired != nil)
        #expect(asker.withdrawn == 0)
    }

    @Test("The question whether to keep the seed lives in the same way", arguments: [true, false])
    func accepts(answers: Bool) async throws {
        let (app, asker) = (TestedApp(), Accepting())
        let screen = await app.offer(accept: { await asker.ask($0, otherwise: .accept) })
        let laptop = ScriptedPeer(seed: .random(), at: app.relay)
        await laptop.types(try #require(screen.offer).code)
        #expect(screen.state?.code == .accepting)
        await app.network.dropConnections()
        await app.clock.advance(by: .seconds(15))
        #expect(screen.state?.code == .accepting)
        #expect(asker.requests.count == 1)
        #expect(asker.withdrawn == 0)
        if answers {
            await asker.answer(.accept, at: app.clock)
        } else {
            await app.clock.advance(by: .seconds(300))
        }
        #expect(asker.requests.count == 1)
        #expect(asker.withdrawn == (answers ? 0 : 1))
        #expect((screen.paired != nil) == answers)
        #expect(try await (app.store.load() != nil) == answers)
    }
}
