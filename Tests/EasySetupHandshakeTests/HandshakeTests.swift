import Crypto
import EasySetupSeed
import Testing

@testable import EasySetupHandshake

@Suite("A meeting of two devices") struct HandshakeTests {
    @Test(
        "A meeting passes the seed, whichever device shows the code",
        arguments: [(Role.holder, Form.typed), (.holder, .link), (.receiver, .typed)]
    )
    func passes(offererRole: Role, form: Form) throws {
        let visitorRole: Role = offererRole == .holder ? .receiver : .holder
        var pair = try Pair.make(offererRole: offererRole, visitorRole: visitorRole, form: form)
        let peers = try pair.meet()
        #expect(peers.atOfferer.device == device("new phone", visitorRole))
        #expect(peers.atVisitor.device == device("old laptop", offererRole))
        #expect(peers.atOfferer.words == peers.atVisitor.words)
        #expect(pair.offerer.wrongProofs == 0)

        let seed = SecretBytes.random(count: 32)
        let received: Received
        if offererRole == .holder {
            let package = try pair.offerer.give(seed: seed, createdAt: 5, userID: [1, 2, 3])
            received = try pair.visitor.receive(package, number: 3)
        } else {
            let package = try pair.visitor.give(seed: seed, createdAt: 5, userID: [1, 2, 3])
            received = try pair.toOfferer(package, number: 3)
        }
        guard case .seed(let given) = received else { throw Unexpected() }
        #expect(given.createdAt == 5)
        let same = given.take().isEqual(to: seed)
        #expect(same)

        let end: Received
        if offererRole == .holder {
            end = try pair.toOfferer(pair.visitor.stored(userID: [1, 2, 3]), number: 3)
        } else {
            end = try pair.visitor.receive(pair.offerer.stored(userID: [1, 2, 3]), number: 3)
        }
        guard case .confirmed = end else { throw Unexpected() }
    }

    @Test("Every pair of roles has a named outcome", arguments: [Role.holder, .receiver], [Role.holder, .receiver])
    func roles(offererRole: Role, visitorRole: Role) throws {
        var pair = try Pair.make(offererRole: offererRole, visitorRole: visitorRole)
        let proof = try pair.proof()
        let expected: HandshakeError? =
            offererRole != visitorRole ? nil : (offererRole == .holder ? .bothHold : .bothReceive)
        let answer: [UInt8]
        switch try pair.toOfferer(proof, number: 2) {
        case .proven(_, let send):
            #expect(expected == nil)
            answer = try #require(send)
        case .mismatched(_, let error, let send):
            #expect(error == expected)
            answer = try #require(send)
        default: throw Unexpected()
        }
        switch try pair.visitor.receive(answer, number: 2) {
        case .proven: #expect(expected == nil)
        case .mismatched(_, let error, let send):
            #expect(error == expected)
            #expect(send == nil)
        default: throw Unexpected()
        }
        if expected != nil {
            // No message can follow, because a device never changes its role.
            #expect(
                failure { _ = try pair.offerer.give(seed: .random(count: 32), createdAt: 0, userID: []) } == .outOfOrder
            )
            #expect(
                failure { _ = try pair.visitor.give(seed: .random(count: 32), createdAt: 0, userID: []) } == .outOfOrder
            )
        }
    }

    /// The outcome of a meeting of two devices that hold a seed, at the offerer and at the visitor.
    private func holders(_ offerer: SyncSeed?, _ visitor: SyncSeed?) throws -> [HandshakeError] {
        var pair = try Pair.make(visitorRole: .holder, offererSeed: offerer, visitorSeed: visitor)
        guard case .mismatched(_, let here, let answer?) = try pair.toOfferer(pair.proof(), number: 2),
            case .mismatched(_, let there, nil) = try pair.visitor.receive(answer, number: 2)
        else { throw Unexpected() }
        return [here, there]
    }

    @Test("Two holders of one seed are told so, and two of different seeds, or of an earlier version, are not")
    func sameSeed() throws {
        let seed = SyncSeed.random()
        let copy = try SyncSeed(bytes: seed.withBytes { SecretBytes(copying: $0) }, createdAt: 5)
        #expect(try holders(seed, copy) == [.alreadyPaired, .alreadyPaired])
        #expect(try holders(seed, .random()) == [.bothHold, .bothHold])
        #expect(try holders(seed, nil) == [.bothHold, .bothHold])
        #expect(try holders(nil, seed) == [.bothHold, .bothHold])
    }

    @Test("A tag of the same seed is of one meeting and one side, and tells nothing to somebody who knows the user id")
    func sameSeedTag() throws {
        let seed = SyncSeed.random()
        let meetings = (1...2).map { Transcript(session: [$0], hello: [], reply: []) }
        let tags = meetings.flatMap { [$0.sameSeedTag(of: .visitor, seed), $0.sameSeedTag(of: .offerer, seed)] }
        #expect(Set(tags).count == 4)
        #expect(tags.allSatisfy { $0.count == 32 })
        #expect(meetings[0].sameSeedTag(of: .visitor, .random()) != tags[0])
        // An outsider can compute another tag only, from the public user id.
        let guessed = HMAC<SHA512>.authenticationCode(
            for: lv(Labels.visitor) + meetings[0].hash,
            using: SymmetricKey(data: seed.userID.bytes)
        )
        #expect(Array(guessed.prefix(32)) != tags[0])
    }

    @Test("A peer that sends a holder's tag back is no holder of the same seed") func reflectedTag() throws {
        let seed = SyncSeed.random()
        let transcript = Transcript(session: [1], hello: [2], reply: [3])
        let reflected = Introduction(
            device: device("mirror", .holder),
            sameSeed: transcript.sameSeedTag(of: .offerer, seed)
        )
        #expect(
            mismatch(own: .holder, seed: seed, peer: reflected, form: .typed, place: .offerer, transcript) == .bothHold
        )
        let own = Introduction(device: device("own", .holder), sameSeed: transcript.sameSeedTag(of: .visitor, seed))
        #expect(
            mismatch(own: .holder, seed: seed, peer: own, form: .typed, place: .offerer, transcript) == .alreadyPaired
        )
    }

    @Test("A link goes from a holder to a receiver only: a holder can't visit by it, and a receiver can't show it")
    func linkDirection() throws {
        let pair = try Pair.make(form: .link)
        #expect(
            failure { _ = try VisitorHandshake(.link(pair.link), device: device("phone", .holder)) } == .linkDirection
        )
        let showing = failure {
            _ = try OffererHandshake(
                code: pair.code,
                link: pair.link,
                device: device("tv", .receiver),
                expiry: .seconds(1)
            )
        }
        #expect(showing == .linkDirection)
        // The visitor claims a link at an offer without one.
        var offerer = try OffererHandshake(
            code: pair.code,
            link: nil,
            device: device("tv", .receiver),
            expiry: .seconds(1)
        )
        var visitor = try VisitorHandshake(.link(pair.link), device: device("phone", .receiver))
        let error = failure { _ = try proof(of: &visitor, to: &offerer, meeting: Pair.meeting) }
        #expect(error == .linkDirection)
    }

    @Test("Two receivers by link have an outcome, and so have two holders that say so only in the proof")
    func linkRoles() throws {
        var pair = try Pair.make(form: .link)
        _ = try pair.meet()
        var changed = try Pair.make(visitorRole: .holder, form: .typed)
        guard case .mismatched(_, .bothHold, _?) = try changed.toOfferer(changed.proof(), number: 2) else {
            throw Unexpected()
        }
    }

    @Test(
        "Each refusal reaches the other device under its own name",
        arguments: [Refusal.declined, .cancelled, .notStored, .otherSeed, .nobodyToAsk, .timedOut]
    )
    func refusals(refusal: Refusal) throws {
        let expected: HandshakeError =
            switch refusal {
            case .declined: .declined
            case .cancelled: .cancelled
            case .notStored: .notStored
            case .otherSeed: .otherSeed
            case .nobodyToAsk: .nobodyToAsk
            case .timedOut: .timedOut
            }
        // The holder's user says no.
        var first = try Pair.make()
        _ = try first.meet()
        let no = try #require(try first.offerer.refuse(refusal))
        #expect(failure { _ = try first.visitor.receive(no, number: 3) } == expected)
        #expect(try first.offerer.refuse(refusal) == nil)

        // The receiver's user says no before the seed was sent.
        var second = try Pair.make()
        _ = try second.meet()
        let early = try #require(try second.visitor.refuse(refusal))
        #expect(failure { _ = try second.toOfferer(early, number: 3) } == expected)

        // The receiver's user says no after the seed was sent.
        var third = try Pair.make()
        _ = try third.meet()
        let package = try third.offerer.give(seed: .random(count: 32), createdAt: 0, userID: [1])
        _ = try third.visitor.receive(package, number: 3)
        let late = try #require(try third.visitor.refuse(refusal))
        #expect(failure { _ = try third.toOfferer(late, number: 3) } == expected)
    }

    @Test("A device can't refuse before there are keys, or after it gave the seed")
    func nothingToRefuse() throws {
        var early = try Pair.make()
        #expect(try early.visitor.refuse(.cancelled) == nil)
        #expect(try early.offerer.refuse(.cancelled) == nil)
        var late = try Pair.make()
        _ = try late.meet()
        _ = try late.offerer.give(seed: .random(count: 32), createdAt: 0, userID: [1])
        #expect(try late.offerer.refuse(.cancelled) == nil)
    }

    @Test("A receipt with another user id is no success")
    func wrongReceipt() throws {
        var pair = try Pair.make()
        _ = try pair.meet()
        let package = try pair.offerer.give(seed: .random(count: 32), createdAt: 0, userID: [1, 2, 3])
        _ = try pair.visitor.receive(package, number: 3)
        let receipt = try pair.visitor.stored(userID: [1, 2, 4])
        #expect(failure { _ = try pair.toOfferer(receipt, number: 3) } == .wrongReceipt)
    }

    @Test("The seed is given once, and only by the device that holds it")
    func givenOnce() throws {
        var pair = try Pair.make()
        _ = try pair.meet()
        #expect(
            failure { _ = try pair.visitor.give(seed: .random(count: 32), createdAt: 0, userID: []) } == .outOfOrder
        )
        _ = try pair.offerer.give(seed: .random(count: 32), createdAt: 0, userID: [])
        #expect(
            failure { _ = try pair.offerer.give(seed: .random(count: 32), createdAt: 0, userID: []) } == .outOfOrder
        )
    }

    @Test("Nothing is stored before a seed has come")
    func storedEarly() throws {
        var pair = try Pair.make()
        _ = try pair.meet()
        #expect(failure { _ = try pair.visitor.stored(userID: []) } == .outOfOrder)
        var other = try Pair.make()
        _ = try other.meet()
        #expect(failure { _ = try other.offerer.stored(userID: []) } == .outOfOrder)
    }
}
