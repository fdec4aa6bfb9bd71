import EasySetupHandshake

extension Run {
    /// Invalid messages, each with the error that a device must report when it takes the place of the run's own
    /// message.
    func badMessages() throws -> [JSON] {
        let sent = try run()
        let computed = Computed(slot: slot, .visitor, try visitorPassword(), sent.hello, sent.reply)
        let (proof, answer) = (sent.rest[0].body, sent.rest[1].body)
        let (package, receipt) = (sent.rest[2].body, sent.rest[3].body)
        let zeros = [UInt8](repeating: 0, count: 32)
        let points: [(String, [UInt8])] = [
            ("the neutral element", zeros), ("a negative number for a point", [1] + zeros.dropFirst()),
            ("a point with its highest bit set", highBit(sent.hello.suffix(32))),
        ]
        var list = [
            bad("suite 2", 1, [2] + sent.hello.dropFirst(), "wrong-suite"),
            bad("form 3", 1, [1, 3] + sent.hello.dropFirst(2), "malformed"),
            bad("form 2 where there is no link", 1, [1, 2] + sent.hello.dropFirst(2), "link-direction"),
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
        ]
        for (about, plaintext) in try Plaintext.badPackages() {
            let sealed = computed.seal(plaintext, type: .package, number: 3, as: .offerer)
            list.append(bad(about, 5, [5] + sealed, "malformed"))
        }
        let later = Plaintext.package(padded: Plaintext.refusal(99))
        list += [
            bad(
                "a refusal of a later version",
                5,
                [5] + computed.seal(later, type: .package, number: 3, as: .offerer),
                "cancelled"
            ),
            bad("a bit turned", 6, flipped(receipt, 528), "malformed"),
        ]
        for (about, plaintext) in try Plaintext.badReceipts() {
            list.append(bad(about, 6, [6] + computed.seal(plaintext, type: .receipt, number: 3), "malformed"))
        }
        for (about, value) in [("a refusal of a later version", UInt8(99)), ("a refusal without a reason", 0)] {
            let no = Plaintext.padded(Plaintext.refusal(value))
            list.append(bad(about, 6, [6] + computed.seal(no, type: .receipt, number: 3), "cancelled"))
        }
        let userID = try unhex(HandshakeInputs.userID)
        let wrongIDs: [(String, [UInt8])] = [
            ("another user id", userID.reversed()), ("a user id of 31 bytes", userID.dropLast()),
            ("an empty user id", []),
        ]
        for (about, wrong) in wrongIDs {
            let receipt = Plaintext.padded([0x0A, UInt8(wrong.count)] + wrong)
            list.append(bad(about, 6, [6] + computed.seal(receipt, type: .receipt, number: 3), "wrong-receipt"))
        }
        return list
    }

    /// Invalid proofs of a visitor that has a link. They do not count as guesses, because nobody can guess a link's
    /// secret.
    func badProofsByLink() throws -> [JSON] {
        let proof = try run().rest[0].body
        return [
            bad("by link, a bit of the tag turned", 3, flipped(proof, 1), "wrong-proof"),
            bad("by link, a bit of the sealed part turned", 3, flipped(proof, 65), "code-known"),
        ]
    }

    /// Variants of the run's messages that a reader must accept, because it ignores parts that it does not know.
    func goodMessages() throws -> [JSON] {
        let sent = try run()
        let computed = Computed(slot: slot, .visitor, try visitorPassword(), sent.hello, sent.reply)
        let tag = sent.rest[0].body.prefix(65)
        let name = Array(try visitorDevice.name.description.utf8)
        let introduction = try Plaintext.proof(visitorDevice)
        let userID = [0x0A, 32] + (try unhex(HandshakeInputs.userID))
        func proof(_ content: [UInt8]) -> [UInt8] {
            tag + computed.seal(Plaintext.padded(content), type: .visitorProof, number: 2)
        }
        let offered = try Plaintext.proof(offererDevice)
        func answer(_ content: [UInt8]) -> [UInt8] {
            sent.rest[1].body.prefix(65)
                + computed.seal(Plaintext.padded(content), type: .offererProof, number: 2, as: .offerer)
        }
        func package(_ content: [UInt8]) -> [UInt8] {
            [5] + computed.seal(Plaintext.package(padded: content), type: .package, number: 3, as: .offerer)
        }
        func receipt(_ content: [UInt8]) -> [UInt8] {
            [6] + computed.seal(Plaintext.padded(content), type: .receipt, number: 3)
        }
        return [
            good("an unknown field", 3, proof(introduction + Plaintext.unknownField)),
            good("an unknown platform", 3, proof(Plaintext.proof(name, platform: 99, role: 2))),
            good("no platform", 3, proof([0x0A, UInt8(name.count)] + name + [0x18, 2])),
            good("fields in another order", 3, proof([0x18, 2, 0x10, 1, 0x0A, UInt8(name.count)] + name)),
            good(
                "a tag of 31 bytes, which counts as none",
                4,
                answer(offered + [0x2A, 31] + [UInt8](repeating: 7, count: 31))
            ),
            good("an unknown field", 5, package(try Plaintext.package() + Plaintext.unknownField)),
            good(
                "a refusal before the seed, which counts",
                5,
                package(Plaintext.refusal(1) + (try Plaintext.package()))
            ),
            good("an unknown field", 6, receipt(userID + Plaintext.unknownField)),
        ]
    }

    private func bad(_ about: String, _ message: Int, _ bytes: [UInt8], _ error: String, isGuess: Bool = false) -> JSON
    {
        .object([
            ("case", .string(name)), ("about", .string(about)), ("message", .integer(message)), ("bytes", .hex(bytes)),
            ("error", .string(error)), ("counts_as_guess", .boolean(isGuess)),
        ])
    }

    private func good(_ about: String, _ message: Int, _ bytes: [UInt8]) -> JSON {
        .object([
            ("case", .string(name)), ("about", .string(about)), ("message", .integer(message)), ("bytes", .hex(bytes)),
        ])
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
