import EasySetupChain
import EasySetupS3
import EasySetupSeed

/// Makes the vectors of requests to a service for credentials (`Protocol/credentials.md`, "Requests").
func credentialsVectors() throws -> [VectorFile] {
    [VectorFile(name: "credentials.json", content: try CredentialsInputs().vectors())]
}

/// The fixed inputs of all requests.
private struct CredentialsInputs {
    let seed: SyncSeed
    let device: DeviceKeys
    let certificate: Certificate

    private static let secret = [UInt8](repeating: 0x40, count: 32)

    init() throws {
        let bytes = seeds[0]
        seed = try SyncSeed(bytes: SecretBytes(copying: bytes.span.bytes))
        guard let keys = DeviceKeys(secret: SecretBytes(copying: Self.secret.span.bytes)) else {
            fatalError("32 bytes")
        }
        device = keys
        certificate = try Certificate(
            device: DeviceID(value: 0x00FB_FF10_2030_4050),
            signingKey: keys.signingKey,
            boxKey: keys.boxKey,
            collections: [CollectionName("notes"): true],
            seed: seed
        )
    }

    private var path: String { "/v1/\(seed.userID.nameText)/credentials" }

    private func request(
        _ method: String = "POST",
        host: String = "keys.example.org",
        path: String? = nil,
        time: UInt64 = 1_790_000_000,
        nonce: [UInt8] = Array(0..<16),
        certificate: [UInt8] = [],
        content: [UInt8] = []
    ) -> CredentialsRequest {
        CredentialsRequest(
            method: method,
            host: host,
            path: path ?? self.path,
            time: time,
            nonce: nonce,
            certificate: certificate,
            content: content
        )
    }

    func vectors() throws -> JSON {
        let user = seed.userID.nameText
        let members: [(String, CredentialsRequest)] = [
            ("the example of credentials.md", request()),
            (
                "a service at a port, and an invitation",
                request(host: "127.0.0.1:8443", content: Array("AbCdEfGhIjKlMnOpQrStUv".utf8))
            ),
            (
                "a device is revoked",
                request(path: "/v1/\(user)/revocations", content: [0x00, 0xFB, 0xFF, 0x10, 0x20, 0x30, 0x40, 0x50])
            ),
            ("the account is deleted, at the latest time", request("DELETE", path: "/v1/\(user)", time: .max)),
            (
                "the longest texts",
                request("M", host: String(repeating: "h", count: 512), content: [UInt8](repeating: 1, count: 256))
            ),
        ]
        let devices = [("a device with a certificate", request(certificate: certificate.bytes))]
        return .object([
            ("kind", "credentials-requests"),
            ("about", "credentials.md, Requests: the fields, and the signature behind them"),
            ("seed", .hex(seeds[0])),
            ("user_id", .string(user)),
            ("device_secret", .hex(Self.secret)),
            (
                "requests",
                .array(
                    members.map { json($0, $1, signer: "seed", $1.signed(by: seed)) }
                        + devices.map { json($0, $1, signer: "device", $1.signed(by: device)) }
                )
            ),
            ("plain", .array([plain("1790000000"), plain("0")])),
            ("refused", .array(try refused())),
        ])
    }

    /// A plain request at a time, in decimal digits.
    private func plain(_ time: String) -> JSON {
        let digits = Array(time.utf8)
        let signature = seed.chainSignature(for: CredentialsRequest.plainStatement(digits))
        return .object([("time", .string(time)), ("bytes", .hex(signature + digits))])
    }

    private func json(_ about: String, _ request: CredentialsRequest, signer: String, _ bytes: [UInt8]) -> JSON {
        .object([
            ("about", .string(about)), ("method", .string(request.method)), ("host", .string(request.host)),
            ("path", .string(request.path)), ("time", .string(String(request.time))), ("nonce", .hex(request.nonce)),
            ("certificate", .hex(request.certificate)), ("content", .hex(request.content)),
            ("signer", .string(signer)), ("bytes", .hex(bytes)),
        ])
    }

    /// Fields with their lengths, and a signature of the seed's key over them.
    private func signed(_ fields: [[UInt8]], lengths: [Int: Int] = [:]) -> [UInt8] {
        var statement: [UInt8] = []
        for (index, field) in fields.enumerated() {
            let count = lengths[index] ?? field.count
            statement += [UInt8(count >> 8), UInt8(count & 255)] + field
        }
        return statement + seed.chainSignature(for: ChainLabel.signed(CredentialsRequest.label, statement))
    }

    /// Requests that are refused whatever the clock says, with the problem that a service tells.
    private func refused() throws -> [JSON] {
        let good = request()
        let fields: [[UInt8]] = [
            Array(CredentialsRequest.label.utf8), Array("POST".utf8), Array("keys.example.org".utf8), Array(path.utf8),
            [0, 0, 0, 0, 0x6A, 0xB1, 0x3B, 0x80], Array(0..<16), [], [],
        ]
        func changed(_ index: Int, _ field: [UInt8]) -> [UInt8] {
            var fields = fields
            fields[index] = field
            return signed(fields)
        }
        let whole = good.signed(by: seed)
        var flipped = whole
        flipped[whole.count - 1] ^= 1
        var other = whole
        other[70] ^= 1
        let statement = good.statement
        let byDevice = request(certificate: certificate.bytes)
        var foreign = certificate.bytes
        foreign[20] ^= 1
        let cases: [(String, [UInt8], String)] = [
            ("nothing", [], "bad-body"),
            ("another label", changed(0, Array("easysetup/credentials request 2".utf8)), "bad-body"),
            ("no method", changed(1, []), "bad-body"),
            ("a space in the method", changed(1, Array("PO ST".utf8)), "bad-body"),
            ("a host of 513 bytes", changed(2, [UInt8](repeating: 0x68, count: 513)), "bad-body"),
            ("a path that is not ASCII", changed(3, Array("/ü".utf8)), "bad-body"),
            ("a time of 7 bytes", changed(4, [0, 0, 0, 0, 0, 0, 1]), "bad-body"),
            ("a nonce of 15 bytes", changed(5, Array(0..<15)), "bad-body"),
            ("a certificate of 4,097 bytes", changed(6, [UInt8](repeating: 0, count: 4_097)), "bad-body"),
            ("a content of 257 bytes", changed(7, [UInt8](repeating: 0, count: 257)), "bad-body"),
            ("a field too few", signed(Array(fields.dropLast())), "bad-body"),
            ("a field too many", signed(fields + [[]]), "bad-body"),
            ("a length beyond the end", signed(fields, lengths: [7: 1_000]), "bad-body"),
            ("a byte behind the signature", whole + [0], "bad-body"),
            ("a signature of 63 bytes", Array(whole.dropLast()), "bad-body"),
            ("another bit of the signature", flipped, "bad-signature"),
            ("another bit of the path", other, "bad-signature"),
            ("signed without the label", statement + (try seed.signature(for: statement)), "bad-signature"),
            ("signed by a device, without its certificate", good.signed(by: device), "bad-signature"),
            ("signed by the seed's key, with a certificate", byDevice.signed(by: seed), "bad-signature"),
            (
                "a certificate that the seed's key did not sign", request(certificate: foreign).signed(by: device),
                "bad-certificate"
            ),
            ("a certificate that is none", request(certificate: [1]).signed(by: device), "bad-certificate"),
        ]
        return cases.map { about, bytes, error in
            .object([("about", .string(about)), ("bytes", .hex(bytes)), ("error", .string(error))])
        }
    }
}
