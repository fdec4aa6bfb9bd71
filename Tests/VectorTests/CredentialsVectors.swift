import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Testing

let credentialsRunners: [String: VectorRunner] = [
    "credentials-requests": { try runCredentials($0.decode(Credentials.self)) }
]

private struct Credentials: Decodable {
    struct Request: Decodable {
        let about, method, host, path, time, nonce, certificate, content, signer, bytes: String
    }
    struct Plain: Decodable { let time, bytes: String }
    struct Bad: Decodable { let about, bytes, error: String }
    let seed, user_id, device_secret: String
    let requests: [Request]
    let plain: [Plain]
    let refused: [Bad]
}

private func runCredentials(_ vectors: Credentials) throws {
    let seed = try SyncSeed(bytes: secret(bytes(vectors.seed)))
    #expect(seed.userID.nameText == vectors.user_id)
    let found = try DeviceKeys(secret: secret(bytes(vectors.device_secret)))
    let device = try #require(found)
    for vector in vectors.requests {
        let request = CredentialsRequest(
            method: vector.method,
            host: vector.host,
            path: vector.path,
            time: try #require(UInt64(vector.time)),
            nonce: try bytes(vector.nonce),
            certificate: try bytes(vector.certificate),
            content: try bytes(vector.content)
        )
        let signed = vector.signer == "seed" ? request.signed(by: seed) : request.signed(by: device)
        #expect(hex(signed) == vector.bytes, "\(vector.about)")
        #expect(try ReceivedCredentialsRequest(signed).request == request, "\(vector.about)")
        #expect(problem(signed, seed.userID) == nil, "\(vector.about)")
    }
    for plain in vectors.plain {
        let (bytes, digits) = (try bytes(plain.bytes), Array(plain.time.utf8))
        let signature = Array(bytes.prefix(SyncSeed.signatureByteCount))
        #expect(bytes == signature + digits)
        #expect(seed.userID.isValid(signature: signature, for: CredentialsRequest.plainStatement(digits)))
    }
    for bad in vectors.refused {
        #expect(try problem(bytes(bad.bytes), seed.userID) == bad.error, "\(bad.about)")
    }
}

/// The problem with a request that has nothing to do with the clock, the host or the path; nil if there is none.
private func problem(_ bytes: [UInt8], _ userID: UserID) -> String? {
    guard let received = try? ReceivedCredentialsRequest(bytes) else { return "bad-body" }
    var key = userID
    if !received.request.certificate.isEmpty {
        guard let certificate = try? Certificate(bytes: received.request.certificate, of: userID),
            let own = UserID(bytes: certificate.signingKey)
        else { return "bad-certificate" }
        key = own
    }
    return received.isSigned(by: key) ? nil : "bad-signature"
}

private func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
}
