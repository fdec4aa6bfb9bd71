// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup

@c @implementation public func easysetup_relay_check(
    _ relay: UnsafePointer<CChar>?,
    _ allow_plain: Bool,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { _ = try RelayAddress(url: string(relay, "relay"), allowPlain: allow_plain) }
}

@c @implementation public func easysetup_code_check(
    _ text: UnsafePointer<CChar>?,
    _ length: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { _ = try PairingCode(typed: typed(text, length, longest: PairingCode.maximumTextBytes)) }
}

/// A locked copy of what a person typed as a code or link. Longer texts are refused before they are read, because the
/// length may be garbage.
private func typed(_ text: UnsafePointer<CChar>?, _ length: Int, longest: Int) throws -> UserText {
    let text = try required(text, "text")
    guard 0...longest ~= length else { throw CodeError.tooLong }
    return UserText(try secret(text, length, "text"))
}

@c @implementation public func easysetup_offer(
    _ client: OpaquePointer?,
    _ relay: UnsafePointer<CChar>?,
    _ options: OpaquePointer?,
    _ pairing: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    pairing?.pointee = nil
    return call(error) {
        let out = try required(pairing, "pairing")
        let client = try device(client)
        let callbacks = try held(options)
        let gift = try gift(callbacks)
        let address = try RelayAddress(url: string(relay, "relay"), allowPlain: callbacks.allowsPlain)
        out.pointee = try start(callbacks, giving: gift) {
            offer(client, at: address, giving: gift, callbacks, asking: $0)
        }
    }
}

private func offer(
    _ client: PairingClient,
    at relay: RelayAddress,
    giving gift: Gift,
    _ callbacks: PairingCallbacks,
    asking running: RunningPairing
) -> Pairing {
    var accept: PairingClient.Accept?
    if callbacks.acceptance != nil { accept = { await running.accept($0) } }
    guard callbacks.approval != nil else { return client.offer(at: relay, accept: accept) }
    return client.offer(at: relay, giving: gift, approve: { await running.approve($0) }, accept: accept)
}

@c @implementation public func easysetup_join(
    _ client: OpaquePointer?,
    _ text: UnsafePointer<CChar>?,
    _ length: Int,
    _ relay: UnsafePointer<CChar>?,
    _ options: OpaquePointer?,
    _ pairing: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    pairing?.pointee = nil
    return call(error) {
        let out = try required(pairing, "pairing")
        let client = try device(client)
        let callbacks = try held(options)
        let text = try typed(text, length, longest: PairingLink.maximumTextBytes)
        if PairingLink.isMeant(by: text) {
            // A link only ever makes this device receive.
            guard callbacks.gift == nil else { throw InterfaceError.badArgument("options") }
            let link = try PairingLink(parsing: text, allowPlain: callbacks.allowsPlain)
            out.pointee = try start(callbacks, giving: .seed) { _ in client.join(link) }
            return
        }
        let code = try PairingCode(typed: text)
        let gift = try gift(callbacks)
        let address = try RelayAddress(url: string(relay, "relay"), allowPlain: callbacks.allowsPlain)
        out.pointee = try start(callbacks, giving: gift) { running in
            callbacks.approval == nil
                ? client.join(code, at: address)
                : client.join(code, at: address, giving: gift, approve: { await running.approve($0) })
        }
    }
}

private func device(_ client: OpaquePointer?) throws -> PairingClient {
    let held: ClientHandle = try object(client, "client")
    guard !Threads.areGone else { throw InterfaceError.afterFork }
    return held.client
}

private func held(_ options: OpaquePointer?) throws -> PairingCallbacks {
    guard options != nil else { return PairingCallbacks(context: nil) }
    return try (object(options, "options") as OptionsHandle).callbacks
}

/// The gift of a device with the seed in a pairing with these options.
/// - Throws: ``InterfaceError/badArgument(_:)`` for some collections without a callback that asks whether to give them.
private func gift(_ callbacks: PairingCallbacks) throws -> Gift {
    guard let planned = callbacks.gift else { return .seed }
    guard callbacks.approval != nil else { throw InterfaceError.badArgument("options") }
    return try planned.make()
}

private func start(
    _ callbacks: PairingCallbacks,
    giving gift: Gift,
    _ make: (RunningPairing) -> Pairing
) throws -> OpaquePointer {
    try Threads.begin()
    let running = Handles.give { RunningPairing($0, callbacks, giving: gift) }
    running.run(make(running))
    return running.handle
}

private func running(_ pairing: OpaquePointer?) throws -> RunningPairing { try object(pairing, "pairing") }

@c @implementation public func easysetup_pairing_answer(
    _ pairing: OpaquePointer?,
    _ question_id: UInt64,
    _ answer: Int32,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let given: RunningPairing.Answer =
            switch Int(answer) {
            case Int(EASYSETUP_ANSWER_YES): .yes
            case Int(EASYSETUP_ANSWER_NO): .no
            case Int(EASYSETUP_ANSWER_UNCLEAR): .unclear
            case Int(EASYSETUP_ANSWER_NOBODY): .nobody
            default: throw InterfaceError.badArgument("answer")
            }
        try running(pairing).answer(question_id, given)
    }
}

@c @implementation public func easysetup_pairing_answer_word(
    _ pairing: OpaquePointer?,
    _ question_id: UInt64,
    _ text: UnsafePointer<CChar>?,
    _ length: Int,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let text = try required(text, "text")
        // A text of this length is no word, whatever is in it. So only its length is passed on.
        let longest = 1024
        let word = UserText(
            0...longest ~= length ? try secret(text, length, "text") : SecretBytes(zeros: longest + 1)
        )
        try running(pairing).answer(question_id, .word(word))
    }
}

@c @implementation public func easysetup_pairing_device(_ pairing: OpaquePointer?) -> UnsafePointer<CChar>? {
    (try? running(pairing))?.device?.pointer
}

@c @implementation public func easysetup_pairing_cancel(_ pairing: OpaquePointer?) {
    (try? running(pairing))?.cancel()
}

@c @implementation public func easysetup_pairing_wait(
    _ pairing: OpaquePointer?,
    _ milliseconds: Int64,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) { try running(pairing).wait(milliseconds) }
}

@c @implementation public func easysetup_pairing_free(_ pairing: OpaquePointer?) {
    Handles.take(pairing, RunningPairing.self)?.silence()
}
