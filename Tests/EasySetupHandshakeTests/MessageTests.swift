import EasySetupChain
import EasySetupSeed
import Testing

@testable import EasySetupHandshake

@Suite("Messages that are not as they were sent") struct MessageTests {
    /// The six messages, each with its receiver and its place in the meeting.
    enum Step: Int, CaseIterable {
        case hello = 1
        case reply, visitorProof, offererProof, package, receipt

        var toOfferer: Bool { self == .hello || self == .visitorProof || self == .receipt }
        var number: UInt32 { UInt32(rawValue + 1) / 2 }
    }

    /// A meeting up to a step whose message was made and not delivered.
    struct Stage: ~Copyable {
        var pair: Pair
        var body: [UInt8] = []

        static func at(_ step: Step) throws -> Stage {
            var stage = Stage(pair: try Pair.make())
            stage.body =
                switch step {
                case .hello: try stage.pair.hello()
                case .reply: try stage.pair.reply()
                case .visitorProof: try stage.pair.proof()
                case .offererProof: try stage.answer()
                case .package: try stage.package()
                case .receipt: try stage.receipt()
                }
            return stage
        }

        private mutating func answer() throws -> [UInt8] {
            guard case .proven(_, let answer?) = try pair.toOfferer(pair.proof(), number: 2) else { throw Unexpected() }
            return answer
        }

        private mutating func package() throws -> [UInt8] {
            _ = try pair.meet()
            return try pair.offerer.give(seed: .random(count: 32), createdAt: 0, userID: [1])
        }

        private mutating func receipt() throws -> [UInt8] {
            _ = try pair.visitor.receive(package(), number: 3)
            return try pair.visitor.stored(userID: [1])
        }

        mutating func deliver(_ body: [UInt8], _ step: Step, number: UInt32? = nil) throws -> Received {
            let number = number ?? step.number
            return step.toOfferer
                ? try pair.toOfferer(body, number: number) : try pair.visitor.receive(body, number: number)
        }
    }

    @Test("A message that is cut or longer ends the meeting as malformed", arguments: Step.allCases) func length(
        step: Step
    )
        throws
    {
        let count = try Stage.at(step).body.count
        for length in [0, 1, 2, 33, count - 33, count - 1, count + 1, count + 100] {
            var stage = try Stage.at(step)
            let padding = [UInt8](repeating: 0, count: max(0, length - count))
            let body = Array((stage.body + padding).prefix(length))
            #expect(failure { _ = try stage.deliver(body, step) } == .malformed, "\(length) bytes")
            // The meeting stays over.
            let whole = stage.body
            #expect(failure { _ = try stage.deliver(whole, step) } == .outOfOrder)
        }
    }

    @Test(
        "A message with a changed bit gives an error at once, or a wrong proof at the next step",
        arguments: Step.allCases
    )
    func turned(step: Step) throws {
        let count = try Stage.at(step).body.count
        let places = Array(stride(from: 0, to: count, by: 61)) + [1, count - 1, count - 32, count - 33]
        for place in Set(places).sorted() {
            var stage = try Stage.at(step)
            var body = stage.body
            body[place] ^= UInt8(1 << (place % 8))
            switch step {
            case .hello:
                // A change in message 1 that the offerer can't see shows in the visitor's proof.
                let error = failure {
                    let reply = try Pair.sent(stage.deliver(body, step))
                    let proof = try Pair.sent(stage.pair.visitor.receive(reply, number: 1))
                    _ = try stage.pair.toOfferer(proof, number: 2)
                }
                #expect([.malformed, .wrongSuite, .wrongProof].contains(error), "byte \(place)")
            case .reply:
                let error = failure {
                    let proof = try Pair.sent(stage.deliver(body, step))
                    _ = try stage.pair.toOfferer(proof, number: 2)
                }
                #expect([.malformed, .wrongSuite, .wrongProof].contains(error), "byte \(place)")
            case .visitorProof, .offererProof:
                let expected: HandshakeError =
                    switch place {
                    case 0: .malformed
                    case 1...64: .wrongProof
                    default: .codeKnown
                    }
                #expect(failure { _ = try stage.deliver(body, step) } == expected, "byte \(place)")
            case .package, .receipt:
                #expect(failure { _ = try stage.deliver(body, step) } == .malformed, "byte \(place)")
            }
        }
    }

    @Test(
        "A message of another suite is told from a malformed one",
        arguments: [Step.hello, .reply],
        [UInt8(0), 2, 255]
    )
    func suite(step: Step, byte: UInt8) throws {
        var stage = try Stage.at(step)
        let body = [byte] + stage.body.dropFirst()
        #expect(failure { _ = try stage.deliver(body, step) } == .wrongSuite)
        // A later suite's messages may have any length.
        var short = try Stage.at(step)
        #expect(failure { _ = try short.deliver([byte], step) } == .wrongSuite)
    }

    @Test("A message with an unknown form is malformed", arguments: [UInt8(0), 3, 255]) func form(byte: UInt8) throws {
        var stage = try Stage.at(.hello)
        var body = stage.body
        body[1] = byte
        #expect(failure { _ = try stage.deliver(body, .hello) } == .malformed)
    }

    @Test(
        "A message with a point that does not decode or is neutral is malformed",
        arguments: [Step.hello, .reply],
        [UInt8(0), 1, 255]
    )
    func point(step: Step, byte: UInt8) throws {
        var stage = try Stage.at(step)
        let point = byte == 1 ? [1] + [UInt8](repeating: 0, count: 31) : [UInt8](repeating: byte, count: 32)
        let body = Array(stage.body.dropLast(32)) + point
        #expect(failure { _ = try stage.deliver(body, step) } == .malformed)
        let wasSpent = stage.pair.visitor.isTrySpent
        #expect(!wasSpent)
    }

    @Test("A message with a KEM key that is not reduced is malformed") func kemKey() throws {
        var stage = try Stage.at(.hello)
        var body = stage.body
        // The first coefficient of 12 bits is 4095, above ML-KEM's prime.
        body[2] = 0xFF
        body[3] |= 0x0F
        #expect(failure { _ = try stage.deliver(body, .hello) } == .malformed)
    }

    @Test("A curve point of low order in the KEM's key or ciphertext passes no seed on")
    func lowOrder() throws {
        var hello = try Stage.at(.hello)
        var body = hello.body
        body.replaceSubrange((1218 - 32)..<1218, with: [UInt8](repeating: 0, count: 32))
        let atOfferer = failure {
            let reply = try Pair.sent(hello.deliver(body, .hello))
            let proof = try Pair.sent(hello.pair.visitor.receive(reply, number: 1))
            _ = try hello.pair.toOfferer(proof, number: 2)
        }
        #expect([.malformed, .wrongProof].contains(atOfferer))
        var reply = try Stage.at(.reply)
        var answer = reply.body
        answer.replaceSubrange((1121 - 32)..<1121, with: [UInt8](repeating: 0, count: 32))
        let atVisitor = failure {
            let proof = try Pair.sent(reply.deliver(answer, .reply))
            _ = try reply.pair.toOfferer(proof, number: 2)
        }
        #expect([.malformed, .wrongProof].contains(atVisitor))
    }

    @Test("A message with another number than the expected one is out of order", arguments: Step.allCases) func number(
        step: Step
    )
        throws
    {
        for number in [0, 1, 2, 3, 4, UInt32.max] where number != step.number {
            var stage = try Stage.at(step)
            let body = stage.body
            #expect(failure { _ = try stage.deliver(body, step, number: number) } == .outOfOrder)
        }
    }

    @Test(
        "A message that comes twice is out of order",
        arguments: [Step.visitorProof, .offererProof, .package, .receipt]
    )
    func twice(step: Step) throws {
        var stage = try Stage.at(step)
        let body = stage.body
        _ = try stage.deliver(body, step)
        #expect(failure { _ = try stage.deliver(body, step) } == .outOfOrder)
    }

    @Test("A device's own message that comes back is refused") func reflected() throws {
        var hello = try Stage.at(.hello)
        let own = hello.body
        #expect(failure { _ = try hello.pair.visitor.receive(own, number: 1) } == .malformed)
        var proof = try Stage.at(.visitorProof)
        let tag = proof.body
        #expect(failure { _ = try proof.pair.visitor.receive(tag, number: 2) } == .malformed)
        // The tag is put into a message of the expected type, but the tags of the two sides differ.
        var dressed = try Stage.at(.visitorProof)
        let changed = [4] + dressed.body.dropFirst()
        #expect(failure { _ = try dressed.pair.visitor.receive(changed, number: 2) } == .wrongProof)
        // A package is sent back as a receipt, but the keys of the two directions differ.
        var package = try Stage.at(.package)
        let receipt = [6] + package.body.dropFirst()
        #expect(failure { _ = try package.pair.toOfferer(receipt, number: 3) } == .malformed)
    }

    @Test("A proof fits only if the relay gave both sides the same meeting id") func otherMeeting() throws {
        var pair = try Pair.make()
        let hello = try pair.visitor.begin(meeting: Pair.meeting, entropy: .system)
        let other = [UInt8](repeating: 8, count: 16)
        try pair.offerer.visitorCame(meeting: other)
        let reply = try Pair.sent(pair.toOfferer(hello, number: 1, meeting: other))
        let proof = try Pair.sent(pair.visitor.receive(reply, number: 1))
        #expect(failure { _ = try pair.toOfferer(proof, number: 2, meeting: other) } == .wrongProof)
    }

    @Test("A proof fits only at the slot of the code, even if the secret is the same") func otherSlot() throws {
        var pair = try Pair.make()
        let elsewhere = try PairingCode(slot: "K7R", random: bytes([1, 2, 3, 4, 5]))
        var visitor = try VisitorHandshake(.code(elsewhere), device: device("phone", .receiver))
        let wrong = try proof(of: &visitor, to: &pair.offerer, meeting: Pair.meeting)
        #expect(failure { _ = try pair.toOfferer(wrong, number: 2) } == .wrongProof)
    }

    @Test("A false offerer's wrong guess is a wrong proof to the visitor") func falseOfferer() throws {
        var pair = try Pair.make()
        let proof = try pair.proof()
        // An attacker without the key can only send bytes of the right length.
        let forged = [4] + [UInt8](repeating: 0, count: proof.count - 1)
        #expect(failure { _ = try pair.visitor.receive(forged, number: 2) } == .wrongProof)
        #expect(failure { _ = try pair.visitor.receive(proof, number: 2) } == .outOfOrder)
    }

    @Test("A message for a meeting that is not under way is out of order") func unknownMeeting() throws {
        var pair = try Pair.make()
        #expect(failure { _ = try pair.toOfferer([1], number: 1, meeting: [1]) } == .outOfOrder)
    }
}

@Suite("Sealed messages") struct SealedChannelTests {
    static let transcript = Transcript(session: [1], hello: [2], reply: [3])

    static func channel(_ key: UInt8 = 9) -> SealedChannel {
        let key = [UInt8](repeating: key, count: 32)
        return SealedChannel(send: bytes(key), receive: bytes(key), transcript: transcript)
    }

    static func open(_ sealed: [UInt8], type: MessageType = .package, number: UInt32 = 3) throws -> [UInt8] {
        var content: [UInt8] = []
        try channel().open(sealed[...], type: type, number: number) { (bytes) throws(HandshakeError) in
            content = unsafe Array(bytes)
        }
        return content
    }

    @Test(
        "A sealed message opens to what was sealed, at every length, and all of its type have the same length",
        arguments: [MessageType.visitorProof, .offererProof, .package, .receipt]
    )
    func roundTrip(type: MessageType) throws {
        let most = type == .package ? 1_231 : 510
        for count in [0, 1, 100, most - 1, most] {
            let content = [UInt8](repeating: 0xAB, count: count)
            var copy = content
            let sealed = Self.channel().seal(&copy, type: type, number: 3)
            #expect(sealed.count == most + 18)
            #expect(copy.isEmpty)
            #expect(try Self.open(sealed, type: type) == content)
        }
    }

    @Test("A package is as long as a hello, whatever is in it, and a receipt is as long as a refusal of it")
    func sizes() throws {
        let seed = SyncSeed.random()
        let notes = [try CollectionName("notes"): true]
        for makes in 0..<3 {
            var pair = try Pair.make()
            let hello = try pair.visitor.begin(meeting: [1], entropy: .system)
            pair = try Pair.make()
            _ = try pair.meet()
            let package =
                switch makes {
                case 0: try pair.offerer.give(seed: .random(count: 32), createdAt: .max, userID: [1])
                case 1: try pair.offerer.give(GivenMembership(collections: notes, of: seed))
                default: try #require(try pair.offerer.refuse(.declined))
                }
            #expect(package.count == hello.count)
            var receipt: [UInt8]?
            do {
                _ = try pair.visitor.receive(package, number: 3)
                receipt = try pair.visitor.stored(userID: seed.userID.bytes)
            } catch HandshakeError.declined {}
            #expect(receipt == nil || receipt?.count == 529)
        }
    }

    @Test("A sealed message opens under its own type and number only") func bound() throws {
        var content: [UInt8] = [1]
        let sealed = Self.channel().seal(&content, type: .package, number: 3)
        #expect(failure { _ = try Self.open(sealed, type: .receipt) } == .malformed)
        #expect(failure { _ = try Self.open(sealed, number: 2) } == .malformed)
    }

    @Test("A sealed message is padded with zeros, and in no other way") func padding() throws {
        // The length 1,230 says that the last byte is padding.
        let content = [UInt8](repeating: 0, count: 1_231)
        for place in [1, 1_230] {
            var changed = content
            changed[place] = 1
            // A full plaintext is sealed by hand, with a length of two bytes that is too small.
            let sealed = Self.sealed([0, 1] + changed)
            #expect(failure { _ = try Self.open(sealed) } == .malformed)
        }
        #expect(try Self.open(Self.sealed([0, 1] + content)) == [0])
    }

    @Test(
        "A sealed message that claims more bytes than there are is malformed",
        arguments: [[4, 0xD0], [5, 0], [0xFF, 0xFF]] as [[UInt8]]
    )
    func claim(length: [UInt8]) throws {
        let sealed = Self.sealed(length + [UInt8](repeating: 0, count: 1_231))
        #expect(failure { _ = try Self.open(sealed) } == .malformed)
    }

    @Test(
        "A package without a seed, with a short seed, or with an invalid membership or refusal is malformed",
        arguments: [
            [], [0x0A, 0], [0x0A, 3, 0x0A, 1, 1], [0x0A, 35, 0x0A, 33] + [UInt8](repeating: 1, count: 33), [0x10],
            [0xFF], [0x1A, 0], [0x1A, 3, 0x0A, 1, 1], [0x1A, 4, 0x0A, 1, 1],
        ] as [[UInt8]]
    )
    func package(content: [UInt8]) {
        let error = failure {
            try content.withUnsafeBytes { _ = try Sealed.contents($0) }
        }
        #expect(error == .malformed)
    }

    @Test(
        "A receipt without content, or with an invalid refusal, is malformed",
        arguments: [[], [0x10], [0x0A], [0xFF]] as [[UInt8]]
    )
    func receipt(content: [UInt8]) {
        let error = failure {
            try content.withUnsafeBytes { _ = try Sealed.userID($0) }
        }
        #expect(error == .malformed)
    }

    @Test(
        "A refusal that this version does not know ends the pairing as if the user had stopped",
        arguments: [UInt8(0), 7, 99]
    )
    func unknownRefusal(reason: UInt8) {
        let content: [UInt8] = [0x10, reason]
        #expect(failure { try content.withUnsafeBytes { _ = try Sealed.contents($0) } } == .cancelled)
        #expect(failure { try content.withUnsafeBytes { _ = try Sealed.userID($0) } } == .cancelled)
    }

    /// Seals a whole plaintext of a package unchanged, to make a wrong padding.
    private static func sealed(_ plaintext: [UInt8]) -> [UInt8] {
        channel().seal(plaintext: bytes(plaintext), type: .package, number: 3)
    }
}
