import EasySetupHandshake

extension Run {
    /// Messages in the place of this run's own, and the error that each must end with.
    func badMessages() throws -> [JSON] {
        let sent = try run()
        let computed = Computed(self, .visitor, try visitorPassword(), sent.hello, sent.reply)
        let (proof, answer) = (sent.rest[0].body, sent.rest[1].body)
        let (package, receipt) = (sent.rest[2].body, sent.rest[3].body)
        func bad(_ about: String, _ message: Int, _ bytes: [UInt8], _ error: String, isGuess: Bool = false) -> JSON {
            .object([
                ("case", .string(name)), ("about", .string(about)), ("message", .integer(message)),
                ("bytes", .hex(bytes)),
                ("error", .string(error)), ("counts_as_guess", .boolean(isGuess)),
            ])
        }
        let zeros = [UInt8](repeating: 0, count: 32)
        let points: [(String, [UInt8])] = [
            ("the neutral element", zeros), ("a negative number for a point", [1] + zeros.dropFirst()),
            ("a point with its highest bit set", highBit(sent.hello.suffix(32))),
        ]
        var list = [
            bad("suite 2", 1, [2] + sent.hello.dropFirst(), "wrong-suite"),
            bad("form 3", 1, [1, 3] + sent.hello.dropFirst(2), "malformed"),
            bad("one byte short", 1, sent.hello.dropLast(), "malformed"),
            bad("one byte long", 1, sent.hello + [0], "malformed"),
            bad("nothing at all", 1, [], "malformed"),
            bad(
                "a KEM key with a coefficient of 4095",
                1,
                [1, 1, 0xFF, sent.hello[3] | 0x0F] + sent.hello.dropFirst(4),
                "malformed"
            ),
        ]
        list += points.map { bad($0.0, 1, sent.hello.dropLast(32) + $0.1, "malformed") }
        list += [
            bad("suite 2", 2, [2] + sent.reply.dropFirst(), "wrong-suite"),
            bad("one byte short", 2, sent.reply.dropLast(), "malformed"),
            bad("the neutral element", 2, sent.reply.dropLast(32) + zeros, "malformed"),
            bad("a bit of the tag turned", 3, flipped(proof, 1), "wrong-proof", isGuess: true),
            bad("a bit of the sealed part turned", 3, flipped(proof, 65), "code-known"),
            bad("zeros for the sealed part", 3, proof.prefix(65) + [UInt8](repeating: 0, count: 528), "code-known"),
            bad("a byte too many", 3, proof + [0], "malformed"),
            bad("the type of message 4", 3, [4] + proof.dropFirst(), "malformed"),
        ]
        for (about, plaintext) in try Plaintext.badProofs(visitorDevice) {
            let sealed = computed.seal(plaintext, type: .visitorProof, number: 2)
            list.append(bad(about, 3, proof.prefix(65) + sealed, "code-known"))
        }
        list += [
            bad("a bit of the tag turned", 4, flipped(answer, 64), "wrong-proof"),
            bad("the visitor's own message 3, with the type of message 4", 4, [4] + proof.dropFirst(), "wrong-proof"),
            bad("a bit of the sealed part turned", 4, flipped(answer, 65), "code-known"),
            bad("a bit turned", 5, flipped(package, 100), "malformed"),
            bad("the type of message 6", 5, [6] + package.dropFirst(), "malformed"),
            bad("a bit turned", 6, flipped(receipt, 528), "malformed"),
        ]
        for (about, value) in [("a refusal of a later version", UInt8(99)), ("a refusal without a reason", 0)] {
            let no = Plaintext.padded(Plaintext.refusal(value))
            list.append(bad(about, 6, [6] + computed.seal(no, type: .receipt, number: 3), "cancelled"))
        }
        let wrong = try unhex(HandshakeInputs.userID).reversed()
        list.append(
            bad(
                "another user id",
                6,
                [6] + computed.seal(Plaintext.padded([0x0A, 32] + wrong), type: .receipt, number: 3),
                "wrong-receipt"
            )
        )
        return list
    }

    private func flipped(_ bytes: [UInt8], _ place: Int) -> [UInt8] {
        var bytes = bytes
        bytes[place] ^= 1
        return bytes
    }

    private func highBit(_ point: ArraySlice<UInt8>) -> [UInt8] {
        var point = Array(point)
        point[31] |= 0x80
        return point
    }
}
