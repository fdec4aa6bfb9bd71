// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import CEasySetup

private func view(_ state: OpaquePointer?) -> StateView? { Handles.find(state) }

@c @implementation public func easysetup_state_kind(_ state: OpaquePointer?) -> Int32 { view(state)?.kind ?? 0 }

@c @implementation public func easysetup_state_name(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.name.pointer
}

@c @implementation public func easysetup_state_sentence(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.sentence.pointer
}

@c @implementation public func easysetup_state_advice(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.advice.pointer
}

@c @implementation public func easysetup_state_key(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.key.pointer
}

@c @implementation public func easysetup_state_parameter(
    _ state: OpaquePointer?,
    _ name: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
    view(state)?.parameters.value(name)
}

@c @implementation public func easysetup_state_parameter_name(
    _ state: OpaquePointer?,
    _ index: Int32
) -> UnsafePointer<CChar>? {
    view(state)?.parameters.name(index)
}

@c @implementation public func easysetup_state_look_at_other(_ state: OpaquePointer?) -> Bool {
    view(state)?.looksAtOther ?? false
}

@c @implementation public func easysetup_state_offer_code(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.code?.pointer
}

@c @implementation public func easysetup_state_offer_link(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.link?.pointer
}

@c @implementation public func easysetup_state_number(_ state: OpaquePointer?) -> Int32 {
    view(state)?.parts.number ?? 0
}

@c @implementation public func easysetup_state_remaining(_ state: OpaquePointer?) -> Int64 {
    view(state)?.parts.deadline?.remaining ?? -1
}

@c @implementation public func easysetup_state_peer_name(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.peer?.name.pointer
}

@c @implementation public func easysetup_state_peer_platform(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.peer?.platform.pointer
}

@c @implementation public func easysetup_state_word(_ state: OpaquePointer?, _ index: Int32) -> UnsafePointer<CChar>? {
    view(state)?.parts.words.text(at: index)
}

@c @implementation public func easysetup_state_fingerprint(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.fingerprint?.pointer
}

@c @implementation public func easysetup_state_role(_ state: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(state)?.parts.role?.pointer
}

@c @implementation public func easysetup_state_scope(_ state: OpaquePointer?) -> OpaquePointer? {
    view(state)?.parts.scope.map(Handles.pointer)
}

@c @implementation public func easysetup_state_error(_ state: OpaquePointer?) -> OpaquePointer? {
    view(state)?.error.map(Handles.pointer)
}

@c @implementation public func easysetup_state_copy(_ state: OpaquePointer?) -> OpaquePointer? {
    view(state).map { Handles.give($0) }
}

@c @implementation public func easysetup_state_free(_ state: OpaquePointer?) {
    Handles.take(state, StateView.self)
}
