import EasySetupRelayProtocol
import Testing

let callRunners: [String: VectorRunner] = ["calls": runCalls]

private struct CallFile: Decodable {
    struct Body: Decodable {
        struct Fields: Decodable {
            let connection: String?
            let first: UInt32?
            let frames: [String]?
            let closing: Bool?
            let have: UInt32?
            let received: UInt32?
            let waitMilliseconds: Int64?
            let closed: Bool?

            enum CodingKeys: String, CodingKey {
                case connection, first, frames, closing, have, received, closed
                case waitMilliseconds = "wait_ms"
            }
        }

        let fields: Fields
        let bytes: String
    }

    struct Bad: Decodable {
        let why: String
        let body: String
        let bytes: String
        let error: String
    }

    let sendCall: [Body]
    let sendAnswer: [Body]
    let pollCall: [Body]
    let pollAnswer: [Body]
    let bad: [Bad]

    enum CodingKeys: String, CodingKey {
        case sendCall = "send_call"
        case sendAnswer = "send_answer"
        case pollCall = "poll_call"
        case pollAnswer = "poll_answer"
        case bad
    }
}

@Sendable private func runCalls(_ file: VectorFile) throws {
    let content = try file.decode(CallFile.self)
    for body in content.sendCall {
        let call = SendCall(
            connection: try body.fields.callConnection,
            first: body.fields.first ?? 0,
            frames: try (body.fields.frames ?? []).map { try bytes($0) },
            isClosing: body.fields.closing ?? false
        )
        #expect(try SendCall(parsing: bytes(body.bytes)) == call)
        #expect(hex(call.serialized()) == body.bytes)
    }
    for body in content.sendAnswer {
        let answer = SendAnswer(have: body.fields.have ?? 0)
        #expect(try SendAnswer(parsing: bytes(body.bytes)) == answer)
        #expect(hex(answer.serialized()) == body.bytes)
    }
    for body in content.pollCall {
        let call = PollCall(
            connection: try body.fields.callConnection,
            received: body.fields.received ?? 0,
            wait: .milliseconds(body.fields.waitMilliseconds ?? 0)
        )
        #expect(try PollCall(parsing: bytes(body.bytes)) == call)
        #expect(hex(call.serialized()) == body.bytes)
    }
    for body in content.pollAnswer {
        let answer = PollAnswer(
            first: body.fields.first ?? 0,
            frames: try (body.fields.frames ?? []).map { try bytes($0) },
            isClosed: body.fields.closed ?? false
        )
        #expect(try PollAnswer(parsing: bytes(body.bytes)) == answer)
        #expect(hex(answer.serialized()) == body.bytes)
    }
    for bad in content.bad {
        let bytes = try bytes(bad.bytes)
        let error = #expect(throws: LongPollBodyError.self, "\(bad.why)") {
            switch bad.body {
            case "send_call": _ = try SendCall(parsing: bytes)
            case "send_answer": _ = try SendAnswer(parsing: bytes)
            case "poll_call": _ = try PollCall(parsing: bytes)
            case "poll_answer": _ = try PollAnswer(parsing: bytes)
            default: Issue.record("no body is named \(bad.body)")
            }
        }
        #expect((error == .tooLong ? "too long" : "malformed") == bad.error, "\(bad.why)")
    }
}

extension CallFile.Body.Fields {
    fileprivate var callConnection: LongPollConnectionID {
        get throws { try #require(LongPollConnectionID(bytes(connection ?? ""))) }
    }
}
