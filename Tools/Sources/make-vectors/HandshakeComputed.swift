import Crypto
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// All values of a handshake between its inputs and its messages. They are computed step by step, independently of the
/// handshake's state machines.
struct Computed {
    let side: PairingSide
    let password: [UInt8]
    let channel: [UInt8]
    let session: [UInt8]
    let hello: [UInt8]
    let reply: [UInt8]

    init(slot: String, _ side: PairingSide, _ password: [UInt8], _ hello: [UInt8], _ reply: [UInt8]) {
        self.side = side
        self.password = password
        channel = Labels.channel(slot: slot)
        session = (try? unhex(HandshakeInputs.meeting)) ?? []
        self.hello = hello
        self.reply = reply
    }

    private var inputs: CPace.Inputs {
        CPace.Inputs(password: fixedSecret(password), channel: channel, session: session)
    }

    private func shared() throws -> SecretBytes {
        let (scalar, message) =
            side == .visitor ? (HandshakeInputs.visitorScalar, reply) : (HandshakeInputs.offererScalar, hello)
        return try CPace.multiply(scalar: fixedSecret(unhex(scalar)), point: message.suffix(32) + [])
    }

    private var sessionKey: [UInt8] {
        get throws {
            open(
                CPace.sessionKey(
                    session: session,
                    shared: try shared(),
                    initiator: .init(point: hello.suffix(32) + [], associatedData: hello.dropLast(32)),
                    responder: .init(point: reply.suffix(32) + [], associatedData: reply.dropLast(32))
                )
            )
        }
    }

    var transcript: [UInt8] { SHA512.hash(data: lv(session) + lv(hello) + lv(reply)) + [] }

    private var pseudoRandomKey: [UInt8] {
        get throws {
            let input = SymmetricKey(data: lv(try sessionKey) + lv(try unhex(HandshakeInputs.kemSecret)))
            return HKDF<SHA512>.extract(inputKeyMaterial: input, salt: Labels.suite) + []
        }
    }

    private func key(_ name: String, _ count: Int) throws -> [UInt8] {
        let info = lv(Array(name.utf8)) + transcript
        let key = HKDF<SHA512>.expand(pseudoRandomKey: try pseudoRandomKey, info: info, outputByteCount: count)
        return key.withUnsafeBytes { Array($0) }
    }

    private func tag(_ name: String) throws -> [UInt8] {
        HMAC<SHA512>.authenticationCode(for: transcript, using: SymmetricKey(data: try key(name, 64))) + []
    }

    /// Seals (encrypts) a padded plaintext as the visitor, or as the offerer.
    func seal(_ plaintext: [UInt8], type: MessageType, number: UInt32, as place: PairingSide = .visitor) -> [UInt8] {
        guard let toOfferer = try? key("seal A->B", 32), let toVisitor = try? key("seal B->A", 32) else { return [] }
        let (send, receive) = place == .visitor ? (toOfferer, toVisitor) : (toVisitor, toOfferer)
        let channel = SealedChannel(
            send: fixedSecret(send),
            receive: fixedSecret(receive),
            transcript: Transcript(session: session, hello: hello, reply: reply)
        )
        return channel.seal(plaintext: fixedSecret(plaintext), type: type, number: number)
    }

    func json() throws -> JSON {
        let words = try key("words", 2)
        let string = open(CPace.generatorString(inputs))
        let generator = CPace.generator(inputs)
        let scalar = side == .visitor ? HandshakeInputs.visitorScalar : HandshakeInputs.offererScalar
        return .object([
            ("PRS", .hex(password)), ("CI", .hex(channel)), ("sid", .hex(session)),
            ("generator_string", .hex(string)), ("generator_hash", .hex(SHA512.hash(data: string))),
            ("g", .hex(open(generator))),
            (
                side == .visitor ? "Ya" : "Yb",
                .hex(try CPace.publicPoint(scalar: fixedSecret(unhex(scalar)), generator: generator))
            ),
            ("K", .hex(open(try shared()))), ("ISK", .hex(try sessionKey)), ("th", .hex(transcript)),
            ("prk", .hex(try pseudoRandomKey)), ("key_tag_a", .hex(try key("tag A", 64))),
            ("key_tag_b", .hex(try key("tag B", 64))), ("tag_a", .hex(try tag("tag A"))),
            ("tag_b", .hex(try tag("tag B"))),
            ("key_seal_a_to_b", .hex(try key("seal A->B", 32))), ("key_seal_b_to_a", .hex(try key("seal B->A", 32))),
            ("words_bytes", .hex(words)), ("words", .array(words.map { .string(ConfirmationWords.list[Int($0)]) })),
        ])
    }

    private func open(_ secret: borrowing SecretBytes) -> [UInt8] {
        secret.withUnsafeBytes { Array($0) }
    }
}

/// The plaintexts of sealed messages. They are encoded by hand, so that the vectors do not depend on the Protocol
/// Buffers library that the devices use.
enum Plaintext {
    static func proof(_ device: Device) throws -> [UInt8] {
        proof(
            Array(device.name.description.utf8),
            platform: device.platform == .android ? 1 : 3,
            role: device.role == .holder ? 1 : 2
        ) + (device.asksFirst ? [0x20, 1] : [])
    }

    static func proof(_ name: [UInt8], platform: UInt8, role: UInt8) -> [UInt8] {
        [0x0A, UInt8(name.count)] + name + [0x10, platform, 0x18, role]
    }

    static func package() throws -> [UInt8] {
        let time = varint(HandshakeInputs.createdAt)
        return [0x0A, UInt8(35 + time.count), 0x0A, 32] + (try unhex(HandshakeInputs.seed)) + [0x10] + time
    }

    /// A plaintext of message 5 (the package) with a seed of any length.
    static func package(seed: [UInt8]) -> [UInt8] { [0x0A, UInt8(2 + seed.count), 0x0A, UInt8(seed.count)] + seed }

    /// A field that no version has: number 1000, a varint.
    static let unknownField: [UInt8] = [0xC0, 0x3E, 0x01]

    static func refusal(_ value: UInt8) -> [UInt8] { [0x10, value] }

    /// Makes a padded plaintext of 512 bytes: the length in two bytes, the content, and zeros.
    static func padded(_ content: [UInt8], size: Int = 512) -> [UInt8] {
        [UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
            + [UInt8](repeating: 0, count: size - 2 - content.count)
    }

    /// Makes a padded plaintext of message 5 (the package), which has 1,233 bytes.
    static func package(padded content: [UInt8]) -> [UInt8] { padded(content, size: 1_233) }

    /// Plaintexts with invalid padding.
    static func badlyPadded(_ good: [UInt8]) -> [(String, [UInt8])] {
        let tooMany = good.count - 1
        var notZero = good
        notZero[tooMany] = 1
        var long = good
        (long[0], long[1]) = (UInt8(tooMany >> 8), UInt8(tooMany & 0xFF))
        return [("padding that is not zero", notZero), ("a length of \(tooMany)", long)]
    }

    /// Invalid plaintexts of message 5 (the package), in messages that verify and decrypt.
    static func badPackages() throws -> [(String, [UInt8])] {
        let seed = try unhex(HandshakeInputs.seed)
        let membership = try HandshakeInputs.membership()
        let bytes = membership.encoded().withUnsafeBytes { Array($0) }
        func package(_ membership: [UInt8]) -> [UInt8] {
            self.package(padded: field(3, membership))
        }
        let contents: [(String, [UInt8])] = [
            ("no content", []), ("neither a seed, a membership nor a refusal", unknownField),
            ("a seed of 31 bytes", self.package(seed: seed.dropLast())),
            ("a seed of 33 bytes", self.package(seed: seed + [0])), ("no seed", self.package(seed: [])),
            ("a truncated protocol buffer", [0x0A, 34, 0x0A, 32]),
        ]
        // Within the certificate the signature comes last, before the collections.
        let signature = try HandshakeInputs.place(of: membership.certificate.bytes.suffix(64), in: bytes)
        var forged = bytes
        forged[signature] ^= 1
        return badlyPadded(self.package(padded: try self.package()))
            + contents.map { ($0.0, self.package(padded: $0.1)) }
            + [
                ("an empty membership", package([])), ("a membership that is cut", package(bytes.dropLast())),
                ("a membership whose certificate nobody signed", package(forged)),
                ("a membership for the keys of another device", package(otherKeys(bytes))),
            ]
    }

    /// The membership with another device secret, which is its first field.
    private static func otherKeys(_ membership: [UInt8]) -> [UInt8] {
        var other = membership
        other[2] ^= 1
        return other
    }

    /// The plaintext of message 5 (the package) with a membership.
    static func package(membership: [UInt8]) -> [UInt8] { field(3, membership) }

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2] + varint(UInt64(content.count)) + content
    }

    /// Invalid plaintexts of message 6 (the receipt), in messages that verify and decrypt.
    static func badReceipts() throws -> [(String, [UInt8])] {
        badlyPadded(padded([0x0A, 32] + (try unhex(HandshakeInputs.userID)))) + [
            ("no content", padded([])), ("neither a user id nor a refusal", padded(unknownField)),
            ("a truncated protocol buffer", padded([0x0A, 32, 0x78])),
        ]
    }

    /// Invalid plaintexts of message 3 (the visitor's proof), in messages that verify and decrypt.
    static func badProofs(_ device: Device) throws -> [(String, [UInt8])] {
        let good = padded(try proof(device))
        func named(_ name: String) -> [UInt8] { padded(proof(Array(name.utf8), platform: 1, role: 2)) }
        return badlyPadded(good) + [
            ("an unknown role", padded(proof([0x78], platform: 1, role: 3))),
            ("no role", padded([0x0A, 1, 0x78])), ("no name", padded([0x18, 2])),
            ("a name of 65 bytes", named(String(repeating: "x", count: 65))),
            ("a name with a control character", named("a\nb")), ("a name with a format character", named("a\u{202E}b")),
            ("a name with a separator", named("a\u{A0}b")), ("a name that ends in a space", named("a ")),
            ("a name that is not NFC", named("e\u{301}")), ("a name of fillers", named("\u{3164}")),
            ("a name of marks alone", named("\u{301}")), ("a name with a quotation mark", named("a\" (ios)")),
            ("a name that is not UTF-8", padded(proof([0xFF], platform: 1, role: 2))),
            ("a truncated protocol buffer", padded([0x0A, 9, 0x78])),
        ]
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }
}
