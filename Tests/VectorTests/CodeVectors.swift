import EasySetupHandshake
import EasySetupSeed
import Testing

struct CodeFile: Decodable {
    struct Code: Decodable { let slot: String, secret_values: [UInt8], secret: String, check: String, written: String }
    struct Typed: Decodable { let typed: String, written: String }
    struct Bad: Decodable { let typed: String, error: String, position: Int?, count: Int?, script: String? }
    struct Drawn: Decodable { let slot: String, secret_values: [UInt8], written: String, drawn_again: Bool }
    let codes: [Code]
    let drawn_again: [Drawn]
    let typed: [Typed]
    let bad: [Bad]
    let bad_slots: [String]
}

func runCodes(_ file: VectorFile) throws {
    let vectors = try file.decode(CodeFile.self)
    for item in vectors.codes {
        let code = try PairingCode(slot: item.slot, random: fixedSecret(item.secret_values))
        #expect(code.revealed() == item.written)
        #expect(item.written.filter { $0 != "-" } == item.slot + item.secret + item.check)
        #expect(try PairingCode(typed: item.written).slot == item.slot)
    }
    for item in vectors.drawn_again {
        let code = try PairingCode(slot: item.slot, random: fixedSecret(item.secret_values))
        #expect(code.revealed() == item.written)
        #expect(code.beginsWithCode == item.drawn_again, "\(item.written)")
    }
    for item in vectors.typed {
        #expect(try PairingCode(typed: item.typed).revealed() == item.written, "\(item.typed)")
    }
    for item in vectors.bad {
        let error = #expect(throws: CodeError.self, "\(item.typed)") { try PairingCode(typed: item.typed) }
        #expect(error?.name == item.error, "\(item.typed)")
        switch error?.kind {
        case .wrongLength(let count): #expect(count == item.count, "\(item.typed)")
        case .notASymbol(let position), .containsU(let position): #expect(position == item.position, "\(item.typed)")
        case .foreignLetter(let position, let script):
            #expect(position == item.position && script.rawValue == item.script, "\(item.typed)")
        default: #expect(item.position == nil && item.count == nil, "\(item.typed)")
        }
    }
    for slot in vectors.bad_slots {
        #expect(throws: CodeError.notASlot) { try PairingCode(slot: slot, random: SecretBytes(zeros: 5)) }
    }
}

struct LinkFile: Decodable {
    struct Link: Decodable {
        let host: String, port: Int, plain: Bool, slot: String, secret: String, link: String, needs_allow_plain: Bool
    }
    struct Read: Decodable { let text: String, link: String }
    struct Bad: Decodable { let link: String, error: String }
    let links: [Link]
    let read: [Read]
    let bad: [Bad]
}

func runLinks(_ file: VectorFile) throws {
    let vectors = try file.decode(LinkFile.self)
    for item in vectors.links {
        let link = try PairingLink(parsing: item.link, allowPlain: item.needs_allow_plain)
        #expect(link.relay == RelayAddress(host: item.host, port: item.port, isPlain: item.plain))
        #expect(link.slot == item.slot)
        #expect(try read(link.secret) == bytes(item.secret))
        #expect(link.revealed() == item.link)
        if item.needs_allow_plain {
            #expect(throws: CodeError.plainLink) { try PairingLink(parsing: item.link) }
        }
    }
    for item in vectors.read {
        #expect(try PairingLink(parsing: item.text).revealed() == item.link, "\(item.text)")
    }
    for item in vectors.bad {
        let error = #expect(throws: CodeError.self, "\(item.link)") { try PairingLink(parsing: item.link) }
        #expect(error?.name == item.error, "\(item.link)")
    }
}

struct CPaceFile: Decodable {
    struct Multiplication: Decodable { let s: String, X: String, result: String }
    let PRS, CI, sid, generator_string, g, ya, ADa, Ya, yb, ADb, Yb, K, ISK_IR: String
    let scalar_mult: Multiplication
    let must_abort: [String]
}

func runCPace(_ file: VectorFile) throws {
    let vector = try file.decode(CPaceFile.self)
    let inputs = CPace.Inputs(
        password: fixedSecret(try bytes(vector.PRS)),
        channel: try bytes(vector.CI),
        session: try bytes(vector.sid)
    )
    #expect(hex(read(CPace.generatorString(inputs))) == vector.generator_string)
    let generator = CPace.generator(inputs)
    #expect(hex(read(generator)) == vector.g)
    let (ya, yb) = (try bytes(vector.ya), try bytes(vector.yb))
    #expect(hex(try CPace.publicPoint(scalar: fixedSecret(ya), generator: generator)) == vector.Ya)
    #expect(hex(try CPace.publicPoint(scalar: fixedSecret(yb), generator: generator)) == vector.Yb)
    let (pointA, pointB) = (try bytes(vector.Ya), try bytes(vector.Yb))
    #expect(hex(read(try CPace.multiply(scalar: fixedSecret(yb), point: pointA))) == vector.K)
    let shared = try CPace.multiply(scalar: fixedSecret(ya), point: pointB)
    #expect(hex(read(shared)) == vector.K)
    let key = CPace.sessionKey(
        session: try bytes(vector.sid),
        shared: shared,
        initiator: .init(point: pointA, associatedData: try bytes(vector.ADa)),
        responder: .init(point: pointB, associatedData: try bytes(vector.ADb))
    )
    #expect(hex(read(key)) == vector.ISK_IR)
    let scalar = try bytes(vector.scalar_mult.s)
    let product = try CPace.multiply(scalar: fixedSecret(scalar), point: bytes(vector.scalar_mult.X))
    #expect(hex(read(product)) == vector.scalar_mult.result)
    for point in vector.must_abort {
        #expect(throws: HandshakeError.malformed, "\(point)") {
            _ = try CPace.multiply(scalar: fixedSecret(scalar), point: bytes(point))
        }
    }
}

func fixedSecret(_ values: [UInt8]) -> SecretBytes {
    var values = values
    return SecretBytes(wiping: &values)
}

/// A secret's bytes, for comparison with a test vector.
func read(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}
