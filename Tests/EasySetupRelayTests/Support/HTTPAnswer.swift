import EasySetupRelayProtocol
import Foundation

@testable import EasySetupRelay

/// An HTTP response. The tests parse it with code of their own, because the relay's code is under test.
struct HTTPAnswer {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// Removes the first response from the bytes. Returns nil if it is incomplete. Every response to a long-polling
    /// request has a content length, except status 100.
    init?(takenFrom bytes: inout [UInt8]) {
        guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else { return nil }
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines.removeFirst().split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
        self.status = status
        headers = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count < 2 ? "" : parts[1].trimmingCharacters(in: .whitespaces))
        }
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard bytes.count >= end.upperBound + length else { return nil }
        body = Array(bytes[end.upperBound..<end.upperBound + length])
        bytes.removeFirst(end.upperBound + length)
    }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The name of the problem, which is the last part of its URN; nil for another response.
    var problem: String? {
        guard self["content-type"] == "application/problem+json",
            let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            object["status"] as? Int == status, let type = object["type"] as? String,
            type.hasPrefix("urn:easysetup:problem:")
        else { return nil }
        return String(type.dropFirst("urn:easysetup:problem:".count))
    }

    var sendAnswer: SendAnswer? { status == 200 ? try? SendAnswer(parsing: body) : nil }
    var pollAnswer: PollAnswer? { status == 200 ? try? PollAnswer(parsing: body) : nil }
}

extension PollAnswer {
    var relayFrames: [RelayFrame] { frames.compactMap { try? RelayFrame(parsing: $0) } }
}

extension LongPollConnectionID {
    static func random() -> LongPollConnectionID {
        var generator = SystemRandomNumberGenerator()
        return named((0..<16).map { _ in generator.next() })
    }

    static func named(_ byte: UInt8) -> LongPollConnectionID { named([UInt8](repeating: byte, count: 16)) }

    private static func named(_ bytes: [UInt8]) -> LongPollConnectionID {
        guard let connection = LongPollConnectionID(bytes) else { preconditionFailure("16 bytes are a connection") }
        return connection
    }
}

extension Requests {
    static func call(_ call: SendCall) -> [UInt8] { self.call("send", call.serialized()) }
    static func call(_ call: PollCall) -> [UInt8] { self.call("poll", call.serialized()) }

    /// A long-polling request as devices send it, with headers replaced or removed.
    static func call(
        _ path: String,
        _ body: [UInt8],
        method: String = "POST",
        version: String = "1.1",
        replacing replaced: [String: String?] = [:]
    ) -> [UInt8] {
        var headers = [
            "Host": "localhost", "Content-Type": "application/protobuf", "Content-Length": String(body.count),
        ]
        for (name, value) in replaced {
            headers[name] = value
        }
        let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        return Array("\(method) /easysetup/v1/\(path) HTTP/\(version)\r\n\(lines)\r\n".utf8) + body
    }
}

extension MemoryPeer {
    /// The responses since the last call.
    func receivedAnswers() throws -> [HTTPAnswer] {
        var bytes = try received()
        var answers: [HTTPAnswer] = []
        while let answer = HTTPAnswer(takenFrom: &bytes) {
            answers.append(answer)
        }
        return answers
    }

    /// Sends a request, and returns the response. Nil unless exactly one response has arrived.
    func answer(to request: [UInt8]) throws -> HTTPAnswer? {
        try send(request)
        let answers = try receivedAnswers()
        return answers.count == 1 ? answers[0] : nil
    }

    func send(_ frames: [DeviceFrame], first: UInt32, of connection: LongPollConnectionID, isClosing: Bool = false)
        throws
        -> HTTPAnswer?
    {
        let call = SendCall(
            connection: connection,
            first: first,
            frames: frames.map { $0.serialized() },
            isClosing: isClosing
        )
        return try answer(to: Requests.call(call))
    }

    func poll(_ received: UInt32, of connection: LongPollConnectionID, wait: Duration = .zero) throws -> HTTPAnswer? {
        try answer(to: Requests.call(PollCall(connection: connection, received: received, wait: wait)))
    }
}
