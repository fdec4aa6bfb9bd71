package import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
package import EasySetupSeed
import SeededRandom

/// An honest device: the real sessions, a store, a clock, and a user who operates it.
package final class Device: Client {
    package let name: String
    unowned let world: World
    /// The user who has the device; set once.
    weak var owner: User?
    package let relay: any RelayEnd
    package let clock: DeviceClock
    package var path: Path
    /// The seed that the device holds; a receiver's is set when it stores one.
    package private(set) var seed: SyncSeed?
    /// The membership that the device holds in place of a seed.
    package private(set) var membership: Membership?
    /// Whether the device had a seed from the start.
    package let holds: Bool
    package var mutation: Mutation?
    package private(set) var act: Act?
    package private(set) var acts: [Act] = []
    /// The codes that the device has shown, in all its acts.
    package private(set) var shown: [ShownCode] = []
    package private(set) var hasApproved = false
    var approvedWords: Set<ConfirmationWords> = []
    /// When the relay gave the device a room, a meeting or its place back, on the current connection; nil before.
    private(set) var answeredAt: Duration?
    /// How long the device has slept altogether.
    private(set) var slept: Duration = .zero
    private var tries = Tries()
    private var random: SplitMix
    private(set) var connection: Connection?
    private var timer: Duration?
    private var held: [() -> Void] = []
    private var isAsleep = false
    /// Whether the device has sent its token and the relay has not answered yet.
    private var isComingBack = false
    private var asked = 0

    init(_ world: World, name: String, relay: any RelayEnd, path: Path, clock: DeviceClock, holds: Bool) {
        self.world = world
        self.name = name
        self.relay = relay
        self.path = path
        self.clock = clock
        self.holds = holds
        random = world.random.fork()
        if holds { seed = SeededEntropy.syncSeed(&random) }
    }

    /// The membership that a holder's user wants to give in place of the seed, in every second world; nil for the seed.
    private(set) lazy var given: GivenMembership? = {
        guard let seed, (seed.userID.bytes.first ?? 0).isMultiple(of: 2), let notes = try? CollectionName("notes")
        else { return nil }
        return try? GivenMembership(collections: [notes: false], of: seed)
    }()

    /// The gift that a holder's user wants to give.
    var gift: Gift { given.map(Gift.membership) ?? .seed }

    private var part: PairingPart {
        guard let seed else { return .receiver(has: membership) }
        return .holder(seed, gives: mutation == .givesMore ? .seed : gift)
    }

    /// Replaces the device's seed by that of a device with which it is paired already.
    func hold(_ seed: SyncSeed?) { self.seed = seed }

    var user: User {
        guard let owner else { preconditionFailure("a device has a user") }
        return owner
    }

    var isOfferer: Bool { user.offerer === self }
    /// Whether the device has sent its proof in this act, or asks its user whether to give the seed.
    package var isTrySpent: Bool { act?.session.isTrySpent() ?? false }
    package var isAsking: Bool { act?.isQuestioned ?? false }
    var deviceName: DeviceName { DeviceName(cleaning: name) ?? user.visitor.deviceName }

    /// Whether the device knows the message of a relay's operator: two thirds do.
    private var knowsMessages: Bool { !name.utf8.reduce(0, { $0 + Int($1) }).isMultiple(of: 3) }

    /// The codes that the device's present act uses; empty without an act.
    var codesInPlay: [ShownCode] {
        if isOfferer { return act.map { Array(shown.suffix($0.codes)) } ?? [] }
        guard let text = act?.invitation else { return [] }
        return world.codes.filter { $0.text == text || $0.link == text }
    }

    // MARK: Acts of its user's

    func offer() {
        guard act == nil else { return }
        let session = OfferSession(
            relay: Self.address,
            name: deviceName,
            platform: .linux,
            part: part,
            asksFirst: user.habits.asksFirst,
            entropy: entropy(),
            limits: world.limits
        )
        let act = Act(EitherSession(session), start: world.now)
        act.asksFirst = user.habits.asksFirst && !holds
        begin(act)
    }

    /// - Parameters:
    ///   - invitation: the code or link that the user entered.
    ///   - text: the same as text, by which the laws find the code. It is another code than the one on the screen when
    ///     the user makes a mistake.
    func visit(_ invitation: Invitation, text: String) {
        guard act == nil else { return }
        guard tries.take(invitation.slot, now: local, limits: world.limits) else {
            return user.refused(self, .triesSpent)
        }
        do throws(PairingError) {
            let session = try VisitSession.make(
                invitation,
                name: deviceName,
                platform: .android,
                part: mutation == .forgetsItsSeed ? PairingPart(seed: nil) : part,
                entropy: entropy(),
                limits: world.limits,
                now: local
            )
            begin(Act(EitherSession(session), invitation: text, slot: invitation.slot, start: world.now))
        } catch {
            tries.giveBack(invitation.slot)
            user.refused(self, error)
        }
    }

    private func begin(_ new: Act) {
        act = new
        acts.append(new)
        world.trace { "\(name) begins \(new.invitation == nil ? "to offer" : "to visit")" }
        perform(new.session.begin())
        remind()
    }

    func cancel() { hear(.cancelled) }

    // MARK: Network

    package func opened(_ connection: Connection) {
        guard self.connection === connection else { return }
        hear(.connected, on: connection)
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        guard self.connection === connection else { return }
        do throws(FrameError) {
            // Some devices don't know the message, and read the frame all the same.
            if let message = try ReceivedFrame(parsing: bytes).message, knowsMessages {
                hear(.relayMessage(message), on: connection)
            }
            guard self.connection === connection else { return }
            hear(.frame(try RelayFrame(parsing: bytes)), on: connection)
        } catch {
            if relay.isHonest, world.meddler == nil { world.breach(.agreement, "\(name) can't read a frame") }
            // A frame that can't be parsed ends the connection, as in the real client.
            world.hangUp(connection)
            hear(.lost(.connectionLost), on: connection)
        }
    }

    package func lost(_ connection: Connection) {
        guard self.connection === connection else { return }
        hear(.lost(connection.wasOpened ? .connectionLost : .relayUnreachable(.unknown)), on: connection)
    }

    /// Cuts the device's connection.
    package func loseConnection() {
        if let connection { world.cut(connection) }
    }

    /// Takes the network from the device for a while.
    package func loseNetwork(for time: Duration) {
        guard !path.isOut else { return }
        path.isOut = true
        loseConnection()
        world.after(time) { [unowned self] in path.isOut = false }
    }

    // MARK: Sleep

    /// Puts the device to sleep for a while. It handles what arrives during that time when it wakes up.
    package func sleep(for time: Duration) {
        guard !isAsleep else { return }
        isAsleep = true
        slept += time
        world.trace { "\(name) falls asleep" }
        world.after(time) { [unowned self] in
            isAsleep = false
            world.trace { "\(name) wakes up" }
            // After the device has woken up, timers and network events may come in either order.
            if random.once(in: 2) { clockRang() }
            let all = held
            held.removeAll()
            for body in all { body() }
            clockRang()
        }
    }

    private func whenAwake(_ body: @escaping () -> Void) {
        if isAsleep { held.append(body) } else { body() }
    }

    // MARK: The session

    private func hear(_ event: SessionEvent, on connection: Connection) {
        whenAwake { [unowned self] in
            guard self.connection === connection else { return }
            if case .lost = event {
                self.connection = nil
                answeredAt = nil
            }
            tell(event)
        }
    }

    func hear(_ event: SessionEvent) {
        let act = act
        whenAwake { [unowned self] in if self.act === act { tell(event) } }
    }

    private func tell(_ event: SessionEvent) {
        guard let act else { return }
        if case .frame(let frame) = event { heard(frame, act) }
        if mutation?.ignores(event) == true { return }
        let actions = act.session.handle(event, local)
        perform(mutation?.changed(actions, after: event) ?? actions)
        remind()
    }

    private func heard(_ frame: RelayFrame, _ act: Act) {
        world.trace { "\(name) ← \(frame.name)" }
        if isComingBack, case .refused(let reason, _) = frame { world.refused(self, reason) }
        isComingBack = false
        switch frame {
        case .offered, .met:
            act.hasToken = true
            answeredAt = world.now
        case .attachedOfferer, .attachedVisitor: answeredAt = world.now
        case .seated(let meeting?, _):
            if world.fleet != nil, let seat = act.seat, seat != meeting {
                world.breach(.agreement, "\(name) hears of two seats")
            }
            act.seat = meeting
        case .inLine, .refused(.meetingOver, _), .over(nil, .meetingOver), .refused(.relayForgot, .zero),
            .refused(.expired, _),
            .over(nil, .expired):
            act.hasToken = false
        default: break
        }
    }

    private var local: Duration { clock.local(world.now) }

    private func remind() {
        guard let act, let next = act.session.nextDeadline() else { return }
        let due = max(clock.world(next), world.now)
        if let timer, timer <= due { return }
        timer = due
        world.schedule(due) { [unowned self] in
            guard timer == due else { return }
            timer = nil
            if !isAsleep { clockRang() }
        }
    }

    private func clockRang() {
        guard let next = act?.session.nextDeadline() else { return }
        if next <= local { tell(.deadlinePassed) } else { remind() }
    }

    private func perform(_ actions: [SessionAction]) {
        guard let act else { return }
        for action in actions {
            switch action {
            case .connect:
                answeredAt = nil
                connection = world.connect(self, to: relay)
            case .send(let frame):
                world.trace { "\(name) → \(frame.name)" }
                switch frame {
                case .offer, .visit, .leave:
                    act.hasToken = false
                    isComingBack = false
                case .attachOfferer, .attachVisitor: isComingBack = true
                default: break
                }
                guard let connection else {
                    world.breach(.agreement, "\(name) sends without a connection")
                    continue
                }
                let bytes = frame.serialized()
                if world.isRecording { world.record(bytes, frame, act, relay) }
                world.send(bytes, .toRelay, on: connection)
            case .disconnect:
                if let connection { world.hangUp(connection) }
                connection = nil
            case .show(let state): show(state, act)
            case .ask(let request):
                asked += 1
                act.isQuestioned = true
                ask(request, asked)
            case .askToAccept(let request):
                asked += 1
                askToAccept(request, asked)
            case .stopAsking: asked += 1
            case .store(let access): store(access, act)
            case .solve(let challenge, let difficulty):
                let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty)
                world.after(.milliseconds(5)) { [unowned self] in if let work { hear(.solved(work)) } }
            case .end: finish(act)
            }
        }
    }

    private func show(_ state: PairingState, _ act: Act) {
        world.trace { "\(name): \(state.name)" }
        if mutation == .saysPairedEarly, act.outcome == .paired { return }
        if let outcome = act.outcome { world.breach(.agreement, "\(name) shows \(state.name) after \(outcome)") }
        switch state {
        case .offered(let offer):
            guard offer.ordinal != act.codes else { break }
            act.codes = offer.ordinal
            let code = ShownCode(offerer: self, offer: offer, relay: relay)
            shown.append(code)
            world.codes.append(code)
            user.sees(code)
        case .waiting(let peer, _): act.words = peer.words
        case .given:
            if !hasApproved { world.breach(.seed, "\(name) says that it gave a seed, and nobody was asked") }
            act.givenAt = act.givenAt ?? world.now
            if mutation == .saysPairedEarly { act.outcome = .paired }
        case .wrongProof:
            act.wrongProofs += 1
            shown.last?.wrongProofsTold += 1
        case .paired(let paired):
            act.outcome = .paired
            if !holds { user.paired() }
            if !holds, act.stored?.userID != paired.userID {
                world.breach(.agreement, "\(name) is paired without a seed")
            }
        case .failed(let error): act.outcome = .failed(error)
        case .accepting: act.wasAsked = true
        case .codeKnown: shown.last?.isKnownTold = true
        case .relayMessage(let message):
            act.messages += 1
            if act.messages > ClientLimits().relayMessages || act.words != nil || act.wasAsked {
                world.breach(.agreement, "\(name) shows a message of the relay where none belongs")
            }
            if relay.isHonest, world.meddler == nil, message != relay.message {
                world.breach(.agreement, "\(name) shows another message than the relay's")
            }
        case .connecting, .retrying, .inLine, .greeting, .deciding, .peerAway, .reconnecting: break
        }
    }

    private func ask(_ request: ApprovalRequest, _ number: Int) {
        if mutation == .approvesByItself {
            let answer: Approval = request.needsWord ? .word(request.peer.words.first) : .approve
            return world.after(.milliseconds(1)) { [unowned self] in if number == asked { hear(.answered(answer)) } }
        }
        user.asked(self, request) { [unowned self] answer in
            guard number == asked, act?.outcome == nil else { return }
            if !answer.isDecline, !request.needsWord || answer.isWord(of: request.peer.words) {
                hasApproved = true
                approvedWords.insert(request.peer.words)
            }
            hear(.answered(answer))
        }
    }

    private func askToAccept(_ request: AcceptanceRequest, _ number: Int) {
        if mutation == .keepsUnasked {
            return world.after(.milliseconds(1)) { [unowned self] in if number == asked { hear(.accepted(.accept)) } }
        }
        user.askedToAccept(self, request) { [unowned self] answer in
            guard number == asked, let act, act.outcome == nil else { return }
            if answer == .accept { act.hasAccepted = true }
            hear(.accepted(answer))
        }
    }

    private func store(_ access: ChainAccess, _ act: Act) {
        if act.asksFirst, !act.hasAccepted {
            world.breach(.seed, "\(name) stores a seed that its user was not asked about")
        }
        world.stores(access, self)
        let time = user.habits.storing
        act.storing += time
        world.after(time) { [unowned self] in
            if user.habits.diskIsFull {
                hear(.notStored(.full))
            } else {
                // Storing is not part of the session, so it completes even while the device sleeps.
                act.stored = access
                hear(.stored)
            }
        }
    }

    private func finish(_ act: Act) {
        world.trace { "\(name) is done" }
        act.end = world.now
        asked += 1
        timer = nil
        self.act = nil
        connection = nil
        if let slot = act.slot {
            if act.session.isTrySpent() { act.isSpent = true } else { tries.giveBack(slot) }
        }
        if let stored = act.stored, act.outcome == .paired {
            switch stored {
            case .seed(let seed): self.seed = seed
            case .membership(let membership): self.membership = membership
            }
        }
        world.judge(act, of: self)
        user.finished(self, act)
    }

    private func entropy() -> Entropy {
        SeededEntropy.make(random.next(), oneSecret: mutation == .drawsOneSecret)
    }

    // A valid host name, which nothing resolves.
    private static let address: RelayAddress = {
        guard let address = RelayAddress(host: "relay.example", port: 443, isPlain: false) else {
            preconditionFailure("an address")
        }
        return address
    }()
}
