import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

@testable import EasySetupFleet

/// Long-polling calls that come to another relay than the one that has their session.
@Suite("Calls at other relays than their sessions") struct HandedCallsTests {
    private static let connection = ConnectionID(number: 7)

    private struct Two {
        let things = SharedThings()
        let home: FleetRelay
        let other: FleetRelay
        let session: LongPollConnectionID

        init(homeKeys: FleetKeys = EnvelopeTests.keys(), otherKeys: FleetKeys = EnvelopeTests.keys()) throws {
            session = try #require(LongPollConnectionID([UInt8](repeating: 5, count: 16)))
            home = try FleetRelay(1, things, keys: homeKeys)
            other = try FleetRelay(2, things, keys: otherKeys)
        }

        /// A call comes to the other relay.
        func call(
            _ kind: LongPollCall.Kind = .poll,
            body: [UInt8] = [1, 2, 3],
            opens: Bool = false,
            on connection: ConnectionID = HandedCallsTests.connection
        ) -> HandingOn? {
            var handing: HandingOn?
            other.happen { relay in
                handing = relay.machine.handOn(
                    kind,
                    session,
                    body: body,
                    from: EntryRig.prefix,
                    opens: opens,
                    wait: .seconds(25),
                    on: connection,
                    now: things.now
                )
            }
            return handing
        }

        func open() { home.happen { $0.machine.opened(session, now: things.now) } }

        /// The number under which the home has the only call that it was handed.
        func handed() throws -> ConnectionID {
            guard case .handle(let id, _, _)? = home.takeCallEffects().last else {
                throw FleetTests.Missing(what: "call")
            }
            return id
        }
    }

    @Test("A call is handed on whole, and its answer comes back", arguments: LongPollCall.Kind.allCases)
    func handedOn(_ kind: LongPollCall.Kind) throws {
        let two = try Two()
        two.open()
        #expect(two.call(kind) == .waits)
        guard case .handle(let id, kind, body: [1, 2, 3])? = two.home.takeCallEffects().last else {
            Issue.record("nothing was handed on")
            return
        }
        #expect(two.other.takeCallEffects().isEmpty)
        two.home.happen { $0.machine.answer(id, .body([9])) }
        #expect(two.other.takeCallEffects() == [.respond(Self.connection, .body([9]))])
        // An answer is given once.
        two.home.happen { $0.machine.answer(id, .body([9])) }
        #expect(two.other.takeCallEffects().isEmpty)
        // The home is remembered, so that the directory is not asked again.
        two.things.stores.forget()
        #expect(two.call(kind) == .waits)
        _ = try two.handed()
    }

    @Test("A call that has opened a session is answered when the session is registered, or can't be")
    func registeredFirst() throws {
        let two = try Two()
        for isCut in [false, true] {
            two.things.isHeld = true
            two.open()
            two.home.happen { $0.machine.respond(.body([6]), on: Self.connection, of: two.session) }
            #expect(two.home.takeCallEffects().isEmpty)
            if isCut { two.things.stores.goAway() }
            two.things.isHeld = false
            two.things.settle()
            #expect(two.home.takeCallEffects() == [.respond(Self.connection, .body([6]))])
        }
        // Where the relay is cut off, nothing is registered.
        two.open()
        two.home.happen { $0.machine.respond(.body([6]), on: Self.connection, of: two.session) }
        #expect(two.home.takeCallEffects() == [.respond(Self.connection, .body([6]))])
    }

    @Test("A refusal has its problem and the time to wait", arguments: ProblemType.allCases)
    func refusal(_ problem: ProblemType) throws {
        let two = try Two()
        two.open()
        _ = two.call()
        let id = try two.handed()
        two.home.happen { $0.machine.answer(id, .refuse(problem, retryAfter: .milliseconds(1500))) }
        let expected = CallAnswer.refuse(problem, retryAfter: .milliseconds(1500))
        #expect(two.other.takeCallEffects() == [.respond(Self.connection, expected)])
    }

    @Test("Where no relay has the session, a call that opens one opens it here, and another is told so")
    func nobody() throws {
        let two = try Two()
        #expect(two.call(.send, body: [4], opens: true) == .waits)
        #expect(two.other.takeCallEffects() == [.open(Self.connection, EntryRig.prefix, body: [4])])
        #expect(two.call() == .waits)
        #expect(two.other.takeCallEffects() == [.respond(Self.connection, .refuse(.unknownConnection))])
        two.other.kill()
        #expect(two.call(.send, opens: true) == .nobody)
    }

    @Test("A session is registered again when the directory has lost it, but one that is closed is not")
    func registeredAgain() throws {
        let two = try Two()
        two.open()
        two.things.stores.forget()
        two.home.lookAtStore()
        two.home.happen { $0.machine.registerSessions(now: two.things.now) { _ in true } }
        _ = two.call()
        _ = try two.handed()
        let closed = try Two()
        closed.open()
        closed.things.stores.forget()
        closed.home.lookAtStore()
        closed.home.happen { $0.machine.registerSessions(now: closed.things.now) { _ in false } }
        _ = closed.call()
        #expect(closed.other.takeCallEffects() == [.respond(Self.connection, .refuse(.unknownConnection))])
    }

    @Test("A session of a relay with another first key is found, too")
    func otherFirstKey() throws {
        let (one, two) = (EnvelopeTests.key, [UInt8](repeating: 9, count: 32))
        let relays = try Two(
            homeKeys: try FleetKeys(current: one, others: [two]),
            otherKeys: try FleetKeys(current: two, others: [one])
        )
        relays.open()
        _ = relays.call()
        let id = try relays.handed()
        relays.home.happen { $0.machine.answer(id, .body([9])) }
        #expect(relays.other.takeCallEffects() == [.respond(Self.connection, .body([9]))])
    }

    @Test("A call whose home is killed is answered: at once where nobody hears, else when no beat comes any more")
    func killed() throws {
        let two = try Two()
        two.open()
        _ = two.call()
        _ = try two.handed()
        two.home.kill()
        // It is remembered as the home, and nobody hears the call.
        #expect(two.call(on: ConnectionID(number: 8)) == .waits)
        let unknown = CallAnswer.refuse(.unknownConnection)
        #expect(two.other.takeCallEffects() == [.respond(ConnectionID(number: 8), unknown)])
        for _ in 0..<3 {
            two.things.now += .seconds(2)
            two.other.passTime()
        }
        #expect(two.other.takeCallEffects() == [.respond(Self.connection, unknown)])
    }

    @Test("A call whose answer is lost is answered when its time is over, and a connection that is gone is not")
    func lostAnswer() throws {
        let two = try Two()
        two.open()
        _ = two.call()
        _ = two.call(on: ConnectionID(number: 8))
        two.other.happen { $0.machine.callGone(ConnectionID(number: 8)) }
        for _ in 0..<16 {
            two.things.now += .seconds(2)
            two.home.passTime()
            two.other.passTime()
        }
        #expect(two.other.takeCallEffects() == [.respond(Self.connection, .refuse(.unknownConnection))])
    }

    @Test("Sessions that are registered are bounded, those included that were closed, until their time is over")
    func registeredSessions() throws {
        let session = try #require(LongPollConnectionID([UInt8](repeating: 5, count: 16)))
        var table = CallTable()
        var count = 0
        while table.opened(session, now: .zero) { count += 1 }
        #expect(count == CallTable.registeredSessions)
        let early = table.takeDue(now: CallTable.registered - .seconds(1)) { _ in false }
        let hasPlaceEarly = table.opened(session, now: .zero)
        #expect(early.isEmpty && !hasPlaceEarly)
        let due = table.takeDue(now: CallTable.registered) { _ in false }
        let hasPlace = table.opened(session, now: CallTable.registered)
        #expect(due.isEmpty && hasPlace)
    }

    @Test("Calls that wait to be found are bounded by their bytes")
    func bounded() throws {
        let two = try Two()
        two.things.isHeld = true
        var count: UInt64 = 0
        while two.call(body: [UInt8](repeating: 0, count: 16_384), on: ConnectionID(number: 100 + count)) == .waits {
            count += 1
        }
        #expect(count == 256)
        #expect(two.call(body: [1]) == .full)
    }
}
