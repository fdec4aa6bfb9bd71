import EasySetupHandshake
import EasySetupSeed
import Testing

/// The test vectors of draft-irtf-cfrg-cpace for ristretto255 with SHA-512.
@Suite("CPace and the draft's figures") struct CPaceTests {
    static let session = bytes(hex: "7e4b4791d6a8ef019b936c79fb7f2c57")
    static let channel = bytes(hex: "0b415f696e69746961746f720b425f726573706f6e646572")
    static let ya = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
    static let yb = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
    static let pointA = bytes(hex: "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157")
    static let pointB = bytes(hex: "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258")

    static func inputs() -> CPace.Inputs {
        CPace.Inputs(password: bytes(Array("Password".utf8)), channel: channel, session: session)
    }

    @Test("The generator is the draft's") func generator() {
        #expect(
            open(CPace.generatorString(Self.inputs()))
                == bytes(
                    hex: "11435061636552697374726574746f3235350850617373776f726464"
                        + String(repeating: "00", count: 100)
                )
                + bytes(hex: "18") + Self.channel + bytes(hex: "10") + Self.session
        )
        #expect(
            open(CPace.generator(Self.inputs()))
                == bytes(hex: "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56")
        )
    }

    @Test("Both points, K and the ISK are the draft's") func run() throws {
        let generator = CPace.generator(Self.inputs())
        #expect(try CPace.publicPoint(scalar: bytes(bytes(hex: Self.ya)), generator: generator) == Self.pointA)
        #expect(try CPace.publicPoint(scalar: bytes(bytes(hex: Self.yb)), generator: generator) == Self.pointB)
        let atA = try CPace.multiply(scalar: bytes(bytes(hex: Self.ya)), point: Self.pointB)
        let atB = try CPace.multiply(scalar: bytes(bytes(hex: Self.yb)), point: Self.pointA)
        let same = atA.isEqual(to: atB)
        #expect(same)
        #expect(open(atA) == bytes(hex: "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f"))
        let key = CPace.sessionKey(
            session: Self.session,
            shared: atB,
            initiator: .init(point: Self.pointA, associatedData: Array("ADa".utf8)),
            responder: .init(point: Self.pointB, associatedData: Array("ADb".utf8))
        )
        #expect(
            open(key)
                == bytes(
                    hex: "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
                        + "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447"
                )
        )
    }

    static let scalar = "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"

    @Test("A multiplication gives the draft's result") func multiplication() throws {
        let point = bytes(hex: "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c")
        let result = try CPace.multiply(scalar: bytes(bytes(hex: Self.scalar)), point: point)
        #expect(open(result) == bytes(hex: "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"))
    }

    @Test(
        "Points that do not decode, are written in another way or are neutral are refused",
        arguments: [
            "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c",
            "0000000000000000000000000000000000000000000000000000000000000000",
            // p, p + 2 and a negative number: non-canonical encodings.
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a59c",
            "2c3c", "",
        ]
    ) func mustAbort(point: String) {
        let error = failure { _ = try CPace.multiply(scalar: bytes(bytes(hex: Self.scalar)), point: bytes(hex: point)) }
        #expect(error == .malformed)
        #expect(!CPace.isPoint(bytes(hex: point)))
    }

    @Test("A scalar that makes the neutral element is refused") func zeroScalar() {
        let generator = CPace.generator(Self.inputs())
        #expect(
            failure { _ = try CPace.publicPoint(scalar: SecretBytes(zeros: 32), generator: generator) } == .malformed
        )
    }

    @Test("Lengths are LEB128", arguments: [(0, [0]), (127, [0x7F]), (128, [0x80, 1]), (1218, [0xC2, 9])])
    func lengths(count: Int, prefix: [UInt8]) {
        let data = [UInt8](repeating: 9, count: count)
        #expect(lv(data) == prefix + data)
    }
}

/// A secret's bytes, for comparison with a test vector.
func open(_ secret: borrowing SecretBytes) -> [UInt8] {
    unsafe secret.withUnsafeBytes { unsafe Array($0) }
}
