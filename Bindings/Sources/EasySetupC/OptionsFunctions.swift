// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup

private func set(_ options: OpaquePointer?, _ body: (inout PairingCallbacks) -> Void) {
    Handles.find(options, OptionsHandle.self)?.set(body)
}

@c @implementation public func easysetup_options_new(_ context: UnsafeMutableRawPointer?) -> OpaquePointer? {
    Handles.give(OptionsHandle(PairingCallbacks(context: context)))
}

@c @implementation public func easysetup_options_on_state(
    _ options: OpaquePointer?,
    _ callback: easysetup_state_callback?
) {
    set(options) { $0.state = callback }
}

@c @implementation public func easysetup_options_on_approval(
    _ options: OpaquePointer?,
    _ callback: easysetup_question_callback?
) {
    set(options) { $0.approval = callback }
}

@c @implementation public func easysetup_options_on_acceptance(
    _ options: OpaquePointer?,
    _ callback: easysetup_question_callback?
) {
    set(options) { $0.acceptance = callback }
}

@c @implementation public func easysetup_options_on_withdrawn(
    _ options: OpaquePointer?,
    _ callback: easysetup_withdrawn_callback?
) {
    set(options) { $0.withdrawn = callback }
}

@c @implementation public func easysetup_options_on_end(_ options: OpaquePointer?, _ callback: easysetup_end_callback?)
{
    set(options) { $0.end = callback }
}

@c @implementation public func easysetup_options_allow_plain(_ options: OpaquePointer?, _ allow: Bool) {
    set(options) { $0.allowsPlain = allow }
}

@c @implementation public func easysetup_options_free(_ options: OpaquePointer?) {
    Handles.take(options, OptionsHandle.self)
}
