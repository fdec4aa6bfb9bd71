import CredentialsCore
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import Testing

let seed = SyncSeed.random()
let user = seed.userID
let path = "/v1/\(UserIDText.write(user))/credentials"
let now = 1_790_000_000

/// A request of the seed, of which one part is another.
func request(
    by key: SyncSeed = seed,
    method: String = "POST",
    host: String = "keys.example.org",
    path: String = path,
    time: UInt64 = UInt64(now),
    nonce: [UInt8] = Array(repeating: 7, count: 16),
    certificate: [UInt8] = [],
    content: [UInt8] = []
) -> [UInt8] {
    CredentialsRequest(
        method: method,
        host: host,
        path: path,
        time: time,
        nonce: nonce,
        certificate: certificate,
        content: content
    ).signed(by: key)
}

@Suite("Signed requests")
struct RequestTests {
    /// A device of the chain has the certificate `[1]`, another one whose certificate has ended `[2]`.
    private let deviceKey = SyncSeed.random()
    private var check: RequestCheck {
        let key = deviceKey.userID
        return RequestCheck(hosts: ["keys.example.org"], window: 120) { bytes, owner in
            guard owner == user, bytes == [1] || bytes == [2] else { return nil }
            return DeviceRights(
                device: Array(0..<8),
                signingKey: key,
                collections: [],
                notAfter: bytes == [2] ? UInt64(now) - 1 : UInt64(now)
            )
        }
    }

    private func outcome(_ bytes: [UInt8], method: String = "POST", path: String = path, now: Int = now) -> Refusal
        .Code?
    {
        do throws(Refusal) {
            _ = try check.check(bytes, method: method, path: path, user: user, now: now)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("A request of the seed is taken, with its nonce and content")
    func seedRequest() throws {
        let checked = try check.check(request(content: [5, 6]), method: "POST", path: path, user: user, now: now)
        #expect(checked.asker == .seed)
        #expect(checked.content == [5, 6])
        #expect(checked.nonce == Array(repeating: 7, count: 16))
        #expect(checked.nonceEnds == now + 121)
    }

    @Test("A request of a device is checked by the key of its certificate")
    func deviceRequest() {
        #expect(outcome(request(by: deviceKey, certificate: [1])) == nil)
        #expect(outcome(request(by: seed, certificate: [1])) == .badSignature)
        #expect(outcome(request(by: deviceKey)) == .badSignature)
        #expect(outcome(request(by: deviceKey, certificate: [2])) == .certificateEnded)
        #expect(outcome(request(by: deviceKey, certificate: [3])) == .badCertificate)
    }

    @Test("A request for another method, path or host, or of another seed, is refused, each by its name")
    func others() {
        #expect(outcome(request(method: "DELETE")) == .wrongTarget)
        #expect(outcome(request(path: path + "x")) == .wrongTarget)
        #expect(outcome(request(host: "evil.example.org")) == .wrongHost)
        #expect(outcome(request(by: .random())) == .badSignature)
    }

    @Test("A clock may differ by 120 seconds either way, and not by one more; no time overflows", arguments: [-1, 1])
    func clock(sign: Int) {
        #expect(outcome(request(time: UInt64(now + 120 * sign))) == nil)
        #expect(outcome(request(time: UInt64(now + 121 * sign))) == .wrongClock)
        #expect(outcome(request(time: 0)) == .wrongClock)
        #expect(outcome(request(time: .max)) == .wrongClock)
    }

    @Test("A wrong clock is answered with the service's time")
    func time() {
        #expect(throws: Refusal(.wrongClock, time: now)) {
            try check.check(request(time: 5), method: "POST", path: path, user: user, now: now)
        }
    }

    @Test("A nonce is kept for as long as the clock lets its request in")
    func nonceEnd() throws {
        for time in [now - 120, now, now + 120] {
            let bytes = request(time: UInt64(time))
            let checked = try check.check(bytes, method: "POST", path: path, user: user, now: now)
            #expect(outcome(bytes, now: checked.nonceEnds) == .wrongClock)
            #expect(outcome(bytes, now: checked.nonceEnds - 1) == nil)
        }
    }

    @Test("Any changed byte of a request is noticed")
    func everyByte() {
        let bytes = request(content: [1, 2, 3])
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            #expect(outcome(changed) != nil, "byte \(place)")
        }
    }

    @Test("A request that is cut off anywhere, or has a byte more, does not parse")
    func cut() {
        let bytes = request()
        for count in bytes.indices {
            #expect(outcome(Array(bytes[..<count])) == .badBody)
        }
        #expect(outcome(bytes + [0]) == .badBody)
        #expect(outcome([]) == .badBody)
        #expect(outcome(Array(repeating: 0, count: 8_193)) == .bodyTooLarge)
    }

    @Test("A request is read as it was written, and written as it was read")
    func roundTrip() throws {
        let bytes = request(certificate: Array(0...255), content: [9])
        let received = try ReceivedCredentialsRequest(bytes)
        #expect(received.request.statement == received.statement)
        #expect(received.statement + received.signature == bytes)
    }

    @Test("The example of the page is the request that it describes, byte for byte")
    func example() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "..", "Protocol", "credentials.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let example = try #require(text.firstMatch(of: /### Example\n[^#]*?```\n([0-9a-f\n]+)```/)).output.1
        let hex = example.filter { $0 != "\n" }
        var bytes: [UInt8] = Array(0..<32)
        let seed = try SyncSeed(bytes: SecretBytes(wiping: &bytes))
        #expect(text.contains("`\(UserIDText.write(seed.userID))`"))
        let request = request(
            by: seed,
            path: "/v1/\(UserIDText.write(seed.userID))/credentials",
            nonce: Array(0..<16)
        )
        #expect(request.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == hex)
    }

    @Test(
        "Fields beyond their limits are refused",
        arguments: [
            (request(certificate: Array(repeating: 0, count: 4_097)), ReceivedCredentialsRequest.Fault.longCertificate),
            (request(content: Array(repeating: 0, count: 257)), .longContent),
            (request(nonce: Array(repeating: 0, count: 15)), .wrongNonce), (request(host: ""), .wrongText),
            (request(host: "a b"), .wrongText), (request(path: "/é"), .wrongText),
            (request(path: String(repeating: "/", count: 513)), .wrongText),
        ]
    )
    func limits(bytes: [UInt8], fault: ReceivedCredentialsRequest.Fault) {
        #expect(throws: fault) { try ReceivedCredentialsRequest(bytes) }
    }
}

@Suite("User ids in paths")
struct UserIDTextTests {
    @Test("A user id is read from the one text that it is written as")
    func roundTrip() {
        for _ in 0..<200 {
            let id = SyncSeed.random().userID
            let text = UserIDText.write(id)
            #expect(text.count == 43)
            #expect(UserIDText.read(text) == id)
        }
    }

    @Test(
        "Any other text is refused: other lengths, alphabets, padding, unused bits, and signs with a meaning in a policy"
    )
    func refused() {
        let text = UserIDText.write(user)
        let middle = String(text.dropFirst())
        let foreign: [String] = ["*", "/", "+", "%", " ", "="].map { $0 + middle }
        let lengths: [String] = [text + "A", text + "=", String(text.dropLast()), "é" + String(text.dropFirst(2))]
        let meanings: [String] = ["", "*", "?", "${aws:username}", "../..", user.base64, user.fingerprint]
        // Two unused bits are set.
        let unused = [String(repeating: "A", count: 42) + "B"]
        for wrong in foreign + lengths + meanings + unused {
            #expect(UserIDText.read(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite("The plain request")
struct PlainRequestTests {
    @Test("A user id in standard base64 is read, percent-encoded or not")
    func userID() {
        #expect(PlainRequest.user(user.base64) == user)
        let encoded = user.base64.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "+"): "%2B"
            case UInt8(ascii: "/"): "%2f"
            case UInt8(ascii: "="): "%3D"
            default: String(UnicodeScalar(byte))
            }
        }.joined()
        #expect(PlainRequest.user(encoded) == user)
        for wrong in ["", "%", "%2", "%zz", UserIDText.write(user), UserIDText.write(user) + "=", user.base64 + "="]
        where wrong != user.base64 {
            #expect(PlainRequest.user(wrong) == nil, "\(wrong)")
        }
    }

    @Test("A signature over the label and the decimal seconds is taken within the window, and nothing else")
    func body() throws {
        func outcome(_ text: String, by key: SyncSeed = seed, tail: [UInt8] = []) -> Refusal.Code? {
            let digits = Array(text.utf8)
            return outcome(key.chainSignature(for: CredentialsRequest.plainStatement(digits)) + digits + tail)
        }
        func outcome(_ body: [UInt8]) -> Refusal.Code? {
            do throws(Refusal) {
                try PlainRequest.check(body, user: user, window: 120, now: now)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(outcome("\(now)") == nil)
        #expect(outcome("\(now - 120)") == nil)
        #expect(outcome("\(now + 121)") == .wrongClock)
        #expect(outcome("\(now)", by: .random()) == .badSignature)
        #expect(outcome("\(now)", tail: [0x30]) == .wrongClock)
        for wrong in ["", "-5", "+5", "0\(now)", " \(now)", "\(now)\n", "9999999999999", "1e9"] {
            #expect(outcome(wrong) == .badBody, "\(wrong)")
        }
        // No app signs one: a server could choose digits, and has no signature with another label taken.
        let digits = Array("\(now)".utf8)
        #expect(outcome(try seed.signature(for: digits) + digits) == .badSignature)
        let other = ChainLabel.signed(CredentialsRequest.label, digits)
        #expect(outcome(seed.chainSignature(for: other) + digits) == .badSignature)
        #expect(throws: SeedError.signatureRefused) {
            try seed.signature(for: CredentialsRequest.plainStatement(digits))
        }
    }
}

@Suite("Paths of the service")
struct RouteTests {
    private func outcome(_ method: String, _ path: String, plain: Bool = false) -> Result<ServiceRoute, Refusal> {
        do throws(Refusal) {
            return .success(try ServiceRoute.find(method: method, path: path, allowsPlain: plain))
        } catch {
            return .failure(error)
        }
    }

    @Test("Each call has its path and method")
    func calls() {
        let id = UserIDText.write(user)
        #expect(outcome("POST", "/v1/\(id)/credentials") == .success(.credentials(user)))
        #expect(outcome("POST", "/v1/\(id)/revocations") == .success(.revocation(user)))
        #expect(outcome("DELETE", "/v1/\(id)") == .success(.deletion(user)))
        #expect(outcome("GET", "/health/live") == .success(.live))
        #expect(outcome("HEAD", "/health/ready") == .success(.ready))
    }

    @Test("The plain request is there only where it is switched on")
    func plain() {
        let path = "/\(user.base64.replacing("/", with: "%2F"))/credentials"
        #expect(outcome("POST", path, plain: true) == .success(.plain(user)))
        #expect(outcome("POST", path) == .failure(Refusal(.notFound)))
    }

    @Test("Another method is told which there is")
    func methods() {
        let id = UserIDText.write(user)
        #expect(outcome("GET", "/v1/\(id)/credentials") == .failure(Refusal(.methodNotAllowed, allow: "POST")))
        #expect(outcome("POST", "/v1/\(id)") == .failure(Refusal(.methodNotAllowed, allow: "DELETE")))
        #expect(outcome("POST", "/health/live") == .failure(Refusal(.methodNotAllowed, allow: "GET, HEAD")))
    }

    @Test("Any other path is refused, and a wrong user id by its name")
    func others() {
        let id = UserIDText.write(user)
        for path in [
            "", "/", "//", "/v1", "/v1/\(id)/credentials/", "/v1/\(id)/credentials?a", "/v2/\(id)/credentials",
            "/v1/\(id)/x",
            "http://keys.example.org/v1/\(id)/credentials", "/v1//\(id)/credentials", "/health", "/health/live/",
        ] {
            #expect(outcome("POST", path) == .failure(Refusal(.notFound)), "\(path)")
        }
        for wrong in ["*", id + "A", "%2a", ""] {
            #expect(outcome("POST", "/v1/\(wrong)/credentials") == .failure(Refusal(.badUserID)), "\(wrong)")
        }
    }
}

@Suite("Refusals")
struct RefusalTests {
    @Test("Devices know all problems that the service tells, and no others")
    func knownProblems() {
        #expect(Set(Refusal.Code.allCases.map(\.rawValue)) == Set(ServiceProblem.allCases.map(\.rawValue)))
        #expect(Refusal.typePrefix == ServiceProblem.typePrefix)
    }

    @Test("The problem details of each kind have its type and status", arguments: Refusal.Code.allCases)
    func problem(code: Refusal.Code) {
        let problem = Refusal(code, retryAfter: 5, time: 7, most: 9).problem
        #expect(problem.hasPrefix(#"{"type":"urn:easysetup:problem:\#(code.rawValue)","title":""#))
        #expect(problem.hasSuffix(#"","status":\#(code.status),"time":7,"most":9}"#))
        #expect(!problem.contains("\\"))
    }
}
