import AsyncHTTPClient
import EasySetupChain
import EasySetupS3
import NIOCore
import NIOHTTP1

/// Single requests to a store, for `--check` and for counting: what they answer, whatever it is.
struct StoreProbe: Sendable {
    let http: HTTPClient
    let address: S3Address
    /// The time in seconds since 1970.
    let now: Int

    /// An answer: its status and, as far as it is short, its body.
    struct Answer: Sendable {
        let status: Int
        let body: String

        var isDone: Bool { 200...299 ~= status }
        /// Whether the store said that the caller may not, and not that something else went wrong.
        var isRefusal: Bool { status == 403 || status == 401 }
    }

    /// Lists names below a prefix.
    func list(_ prefix: String, _ keys: S3Keys) async -> Answer? {
        await call("GET", "/" + address.bucket, [("list-type", "2"), ("prefix", prefix), ("max-keys", "10")], keys)
    }

    /// Counts the objects below a prefix, until there are more than `most`; nil if the store does not tell.
    func count(_ prefix: String, _ keys: S3Keys, most: Int) async -> Int? {
        var count = 0
        var last: String?
        while true {
            var query = [
                ("list-type", "2"), ("prefix", prefix), ("max-keys", String(Self.page)), ("encoding-type", "url"),
            ]
            if let last { query.append(("start-after", last)) }
            guard let answer = await call("GET", "/" + address.bucket, query, keys), answer.isDone,
                let page = try? ListAnswer(Array(answer.body.utf8), most: Self.page)
            else { return nil }
            count += page.entries.count
            guard count <= most, page.isTruncated, let next = page.entries.last?.name else { return count }
            last = next
        }
    }

    /// The objects of a page, of which every store gives a thousand.
    private static let page = 1_000

    /// Asks for, puts or deletes an object.
    func object(_ method: String, _ name: String, _ keys: S3Keys) async -> Answer? {
        await call(method, "/\(address.bucket)/\(name)", [], keys)
    }

    /// Posts a form.
    /// - Parameter body: the object's content, which a form of ours allows to be empty alone.
    func post(_ form: S3Form, name: String, body: String = "") async -> Answer? {
        let boundary = "easysetup-check-7f3c"
        var text = ""
        for (field, value) in [("key", name)] + form.fields {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n"
        }
        text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"empty\"\r\n\r\n\(body)\r\n"
        text += "--\(boundary)--\r\n"
        var request = HTTPClientRequest(url: "\(address.endpoint)/\(address.bucket)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "multipart/form-data; boundary=\(boundary)")
        request.body = .bytes(ByteBuffer(string: text))
        return await send(request)
    }

    private func call(_ method: String, _ path: String, _ query: [(String, String)], _ keys: S3Keys) async -> Answer? {
        let host = String(address.endpoint.drop { $0 != "/" }.drop { $0 == "/" })
        let signed = SigV4(keys, region: address.region).sign(
            SigV4.Request(method: method, host: host, path: path, query: query.map { (name: $0.0, value: $0.1) }),
            at: now
        )
        var request = HTTPClientRequest(url: address.endpoint + signed.target)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in signed.headers { request.headers.replaceOrAdd(name: name, value: value) }
        return await send(request)
    }

    /// The most bytes of an answer: a listing has up to a thousand names of a thousand bytes, each with some markup.
    private static let answerBytes = 4_194_304

    private func send(_ request: HTTPClientRequest) async -> Answer? {
        guard let response = try? await http.execute(request, timeout: .seconds(20)),
            let body = try? await response.body.collect(upTo: Self.answerBytes)
        else { return nil }
        return Answer(status: Int(response.status.code), body: String(buffer: body))
    }
}
