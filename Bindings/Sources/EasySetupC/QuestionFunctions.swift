// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import CEasySetup

private func view(_ question: OpaquePointer?) -> QuestionView? { Handles.find(question) }

@c @implementation public func easysetup_question_id(_ question: OpaquePointer?) -> UInt64 { view(question)?.id ?? 0 }

@c @implementation public func easysetup_question_kind(_ question: OpaquePointer?) -> Int32 {
    view(question)?.kind ?? 0
}

@c @implementation public func easysetup_question_peer_name(_ question: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(question)?.peer.name.pointer
}

@c @implementation public func easysetup_question_peer_platform(_ question: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(question)?.peer.platform.pointer
}

@c @implementation public func easysetup_question_word(
    _ question: OpaquePointer?,
    _ index: Int32
) -> UnsafePointer<CChar>? {
    view(question)?.words.text(at: index)
}

@c @implementation public func easysetup_question_needs_word(_ question: OpaquePointer?) -> Bool {
    view(question)?.needsWord ?? false
}

@c @implementation public func easysetup_question_attempt(_ question: OpaquePointer?) -> Int32 {
    view(question)?.attempt ?? 0
}

@c @implementation public func easysetup_question_mistake(_ question: OpaquePointer?) -> Int32 {
    view(question)?.mistake ?? 0
}

@c @implementation public func easysetup_question_fingerprint(_ question: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(question)?.fingerprint?.pointer
}

@c @implementation public func easysetup_question_scope(_ question: OpaquePointer?) -> OpaquePointer? {
    (view(question)?.scope).map(Handles.pointer)
}

@c @implementation public func easysetup_question_code_age(_ question: OpaquePointer?) -> Int64 {
    view(question)?.codeAge.milliseconds ?? 0
}

@c @implementation public func easysetup_question_remaining(_ question: OpaquePointer?) -> Int64 {
    view(question)?.deadline.remaining ?? 0
}
