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

        /// Lets a time pass at both relays, in steps in which none of them sleeps.
        func pass(seconds: Int) {
            for _ in 0..<seconds / 3 {
                things.now += .seconds(3)
                home.passTime()
                other.passTime()
            }
        }

        /// The run that the directory names.
        func found(_ name: RoomName) -> RunID? {
            var found: FoundRooms?
            let store = things.stores.store()
            store.join(as: RunID(number: 99)) { _ in }
            things.settle()
            store.find(name) { found = try? $0.get() }
            things.settle()
            store.leave()
            return found?.atSlot?.run
        }

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

    @Test("A call whose session is at a relay that can't be read is answered without content, after a moment")
    func unread() throws {
        let two = try Two()
        two.things.stores.loses = { from, to in to != from }
        two.things.stores.heardInPlace = { message, _, _ in [2] + message.dropFirst() }
        two.pass(seconds: 9)
        two.open()
        for opens in [true, false] {
            #expect(two.call(opens: opens) == .waits)
            two.things.now += .milliseconds(299)
            two.other.passTime()
            #expect(two.other.takeCallEffects().isEmpty)
            two.things.now += .milliseconds(1)
            two.other.passTime()
            #expect(two.other.takeCallEffects() == [.respond(Self.connection, .body([]))])
        }
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

    @Test("A session is registered again when the directory has lost it, but one that is over is not")
    func registeredAgain() throws {
        for isOver in [false, true] {
            let two = try Two()
            two.open()
            two.things.stores.forget()
            two.home.lookAtStore()
            if isOver { two.home.happen { $0.machine.forgot(two.session) } }
            two.home.passTime()
            _ = two.call()
            if isOver {
                #expect(two.other.takeCallEffects() == [.respond(Self.connection, .refuse(.unknownConnection))])
            } else {
                _ = try two.handed()
            }
        }
    }

    @Test("The directory keeps a session as long as its relay has it, and forgets it then")
    func keptAndForgotten() throws {
        let two = try Two()
        two.open()
        two.pass(seconds: 300)
        let name = try #require(EnvelopeTests.keys().names(of: two.session).first?.room)
        #expect(two.found(name) != nil)
        two.home.happen { $0.machine.forgot(two.session) }
        two.home.passTime()
        #expect(two.found(name) == nil)
        // The directory forgets by itself what a relay has left behind.
        two.open()
        two.home.kill()
        #expect(two.found(name) != nil)
        two.things.now += .seconds(90)
        #expect(two.found(name) == nil)
    }

    @Test("A relay that has a session no longer takes nothing away from the one that has it now")
    func forgottenElsewhere() throws {
        let two = try Two()
        let name = try #require(EnvelopeTests.keys().names(of: two.session).first?.room)
        two.open()
        two.other.happen { $0.machine.opened(two.session, now: two.things.now) }
        #expect(two.found(name) == two.other.machine.run)
        two.pass(seconds: 120)
        #expect(two.found(name) == two.other.machine.run)
        two.home.happen { $0.machine.forgot(two.session) }
        two.home.passTime()
        #expect(two.found(name) == two.other.machine.run)
    }

    @Test(
        "A poll whose connection is lost at another relay is lost where it waits",
        arguments: LongPollCall.Kind.allCases
    )
    func lostPoll(_ kind: LongPollCall.Kind) throws {
        let two = try Two()
        let waiting = ConnectionID(number: 77)
        two.open()
        _ = two.call(kind)
        let id = try two.handed()
        two.home.happen { $0.machine.waits(id, in: waiting) }
        two.other.happen { $0.machine.callGone(Self.connection) }
        // A send is answered at once.
        #expect(two.home.takeCallEffects() == (kind == .poll ? [.lost(id)] : []))
        guard kind == .poll else { return }
        #expect(two.home.machine.takeLost(id) == waiting)
        #expect(two.home.machine.takeLost(id) == nil)
        let published = two.home.machine.counts.published
        two.home.happen { $0.machine.answer(id, .body([9])) }
        #expect(two.home.machine.counts.published == published)
    }

    @Test("Nothing is said of a lost connection before its call is handed on, nor after its answer") func lostLater()
        throws
    {
        let two = try Two()
        two.open()
        two.things.isHeld = true
        _ = two.call()
        two.other.happen { $0.machine.callGone(Self.connection) }
        two.things.isHeld = false
        two.things.settle()
        #expect(two.home.takeCallEffects().isEmpty)
        _ = two.call()
        let id = try two.handed()
        two.home.happen { $0.machine.answer(id, .body([9])) }
        two.other.happen { $0.machine.callGone(Self.connection) }
        #expect(two.home.takeCallEffects().isEmpty)
        // The answer was under way when the connection was lost.
        _ = two.call()
        let next = try two.handed()
        two.things.isHeld = true
        two.home.happen { $0.machine.answer(next, .body([9])) }
        two.other.happen { $0.machine.callGone(Self.connection) }
        two.things.isHeld = false
        two.things.settle()
        #expect(two.home.takeCallEffects().isEmpty)
    }

    @Test("The polls of a relay that has fallen silent are lost, but not those of one that is heard") func silentEntry()
        throws
    {
        let two = try Two()
        two.open()
        _ = two.call()
        let id = try two.handed()
        two.home.happen { $0.machine.waits(id, in: ConnectionID(number: 77)) }
        for _ in 0..<4 {
            two.things.now += .seconds(2)
            two.other.passTime()
            two.home.passTime()
        }
        #expect(two.home.takeCallEffects().isEmpty)
        two.other.kill()
        for _ in 0..<3 {
            two.things.now += .seconds(2)
            two.home.passTime()
        }
        // It is told at each beat until the call is taken.
        #expect(Set(two.home.takeCallEffects()) == [.lost(id)])
        #expect(two.home.machine.takeLost(id) == ConnectionID(number: 77))
        two.things.now += .seconds(2)
        two.home.passTime()
        #expect(two.home.takeCallEffects().isEmpty)
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
