// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup

@c @implementation public func easysetup_version() -> UnsafePointer<CChar>? { Version.text.pointer }

private enum Version {
    static let text = CText(PairingClient.version)
}

@c @implementation public func easysetup_handle_count() -> Int { Handles.count }

private func view(_ error: OpaquePointer?) -> ErrorView? { Handles.find(error) }

@c @implementation public func easysetup_error_code(_ error: OpaquePointer?) -> easysetup_code {
    view(error)?.code ?? easysetup_code(EASYSETUP_ERROR_BAD_ARGUMENT)
}

@c @implementation public func easysetup_error_name(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(error)?.name.pointer
}

@c @implementation public func easysetup_error_cause(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(error)?.cause?.pointer
}

@c @implementation public func easysetup_error_description(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(error)?.description.pointer
}

@c @implementation public func easysetup_error_advice(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(error)?.advice.pointer
}

@c @implementation public func easysetup_error_key(_ error: OpaquePointer?) -> UnsafePointer<CChar>? {
    view(error)?.key.pointer
}

@c @implementation public func easysetup_error_parameter(
    _ error: OpaquePointer?,
    _ name: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
    view(error)?.parameters.value(name)
}

@c @implementation public func easysetup_error_parameter_name(
    _ error: OpaquePointer?,
    _ index: Int32
) -> UnsafePointer<CChar>? {
    view(error)?.parameters.name(index)
}

@c @implementation public func easysetup_error_retry_helps(_ error: OpaquePointer?) -> Bool {
    view(error)?.error.retryHelps ?? false
}

@c @implementation public func easysetup_error_retry_after(_ error: OpaquePointer?) -> Int64 {
    view(error)?.error.retryAfter.milliseconds ?? 0
}

@c @implementation public func easysetup_error_new(
    _ name: UnsafePointer<CChar>?,
    _ description: UnsafePointer<CChar>?,
    _ advice: UnsafePointer<CChar>?,
    _ retryHelps: Bool
) -> OpaquePointer? {
    let texts = [name, description, advice].map { $0.flatMap { String(validatingCString: $0) } }
    guard let name = texts[0], let description = texts[1], let advice = texts[2], name.hasPrefix("app-")
    else { return nil }
    return Handles.give(ErrorView(StoreError.app(name, description, advice: advice, retryHelps: retryHelps)))
}

@c @implementation public func easysetup_error_free(_ error: OpaquePointer?) {
    Handles.take(error, ErrorView.self)
}
