@testable import EasySetupRelayProtocol

// Frames of both directions: a parsed frame that is serialised and parsed again stays the same.

@Sendable func deviceFrame(_ input: [UInt8]) throws(BrokenRule) {
    guard let frame = try? DeviceFrame(parsing: input) else { return }
    let written = frame.serialized()
    try hold(written.count <= WireLimits.frameBytes, "a frame grew beyond its limit")
    try hold((try? DeviceFrame(parsing: written)) == frame, "a frame of a device reads as another when written again")
}

@Sendable func relayFrame(_ input: [UInt8]) throws(BrokenRule) {
    guard let frame = try? RelayFrame(parsing: input) else { return }
    let written = frame.serialized()
    try hold(written.count <= WireLimits.frameBytes, "a frame grew beyond its limit")
    try hold((try? RelayFrame(parsing: written)) == frame, "a frame of a relay reads as another when written again")
    // A device that knows the operator's message reads the same frame, and a message that keeps every rule.
    guard let received = try? ReceivedFrame(parsing: input) else {
        throw BrokenRule(description: "a frame can be read only without the message beside it")
    }
    try hold(received.frame == frame, "a frame reads as another with the message beside it")
    guard let message = received.message else { return }
    let told = received.serialized()
    try hold((try? ReceivedFrame(parsing: told)) == received, "a message reads as another when written again")
    let text = message.description
    try hold((try? RelayMessage(text)) == message, "an operator could not say what a device shows")
    try hold(
        text.utf8.count <= RelayMessage.maximumByteCount && !text.unicodeScalars.contains { $0.value < 0x20 },
        "a message has control characters, or too many bytes"
    )
}

/// The fast parser gives the same frame as SwiftProtobuf, and it also reads what SwiftProtobuf writes.
@Sendable func plainFrame(_ input: [UInt8]) throws(BrokenRule) {
    guard let plain = DeviceFrame(plain: input.span) else { return }
    guard let general = try? DeviceFrame(general: input) else {
        // The input is longer than any frame; the common reader has refused it before.
        return try hold(input.count > WireLimits.frameBytes, "a frame is read plainly that is none")
    }
    try hold(general == plain, "a frame reads as another when it is read plainly")
    try hold(DeviceFrame(plain: plain.serialized().span) == plain, "a frame of a device's is not read plainly")
}

/// The bodies of long polling; the first byte selects one of the four.
@Sendable func call(_ input: [UInt8]) throws(BrokenRule) {
    let body = Array(input.dropFirst())
    let isSame: Bool
    switch (input.first ?? 0) % 4 {
    case 0:
        guard let call = try? SendCall(parsing: body) else { return }
        isSame = (try? SendCall(parsing: call.serialized())) == call
    case 1:
        guard let answer = try? SendAnswer(parsing: body) else { return }
        isSame = (try? SendAnswer(parsing: answer.serialized())) == answer
    case 2:
        guard let call = try? PollCall(parsing: body) else { return }
        isSame = (try? PollCall(parsing: call.serialized())) == call
    default:
        guard let answer = try? PollAnswer(parsing: body) else { return }
        isSame = (try? PollAnswer(parsing: answer.serialized())) == answer
    }
    try hold(isSame, "a call reads as another when written again")
}
