import Handshake
import SyncSeed
import Testing

@Suite("A meeting of two devices") struct HandshakeTests {
    @Test("passes the seed from the offerer to the visitor", arguments: Pair.TestForm.allCases)
    func offererHolds(form: Pair.TestForm) throws {
        var pair = try Pair.make(form: form)
        let seed = SecretBytes.random(count: 32)
        let hello = try pair.visitor.begin(meeting: Pair.meeting, entropy: .system)
        try pair.offerer.visitorCame(meeting: Pair.meeting)
        guard
            case .prove(let reply) = try pair.offerer.receive(
                hello,
                number: 1,
                meeting: Pair.meeting,
                now: .zero,
                entropy: .system
            )
        else { throw Unexpected() }
        guard case .prove(let proof) = try pair.visitor.receive(reply, number: 1) else { throw Unexpected() }
        guard
            case .proven(let visitor, let answer) = try pair.offerer.receive(
                proof,
                number: 2,
                meeting: Pair.meeting,
                now: .zero,
                entropy: .system
            )
        else { throw Unexpected() }
        #expect(visitor.device == device("new phone", .receiver))
        guard case .proven(let offerer, nil) = try pair.visitor.receive(#require(answer), number: 2) else {
            throw Unexpected()
        }
        #expect(offerer.device == device("old laptop", .holder))
        #expect(offerer.words == visitor.words)
        let package = try pair.offerer.give(seed: seed, createdAt: 5, userID: [1, 2, 3])
        guard case .seed(let received) = try pair.visitor.receive(package, number: 3) else { throw Unexpected() }
        #expect(received.createdAt == 5)
        let same = received.take().isEqual(to: seed)
        #expect(same)
        let receipt = try pair.visitor.stored(userID: [1, 2, 3])
        guard
            case .confirmed = try pair.offerer.receive(
                receipt,
                number: 3,
                meeting: Pair.meeting,
                now: .zero,
                entropy: .system
            )
        else { throw Unexpected() }
    }
}

struct Unexpected: Error {}
