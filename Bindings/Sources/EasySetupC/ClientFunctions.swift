// The header documents these functions.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import CEasySetup
import EasySetup

private func handle(_ client: OpaquePointer?) throws -> ClientHandle { try object(client, "client") }

@c @implementation public func easysetup_client_new(
    _ name: UnsafePointer<CChar>?,
    _ store: OpaquePointer?,
    _ client: UnsafeMutablePointer<OpaquePointer?>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    client?.pointee = nil
    return call(error) {
        let out = try required(client, "client")
        // A name without a visible character is none.
        let name = try required(DeviceName(cleaning: string(name, "name")), "name")
        let held: StoreHandle = try object(store, "store")
        out.pointee = Handles.give(ClientHandle(ClientHandle.Settings(name: name, store: held.store)))
    }
}

@c @implementation public func easysetup_client_set_platform(
    _ client: OpaquePointer?,
    _ platform: UnsafePointer<CChar>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let platform = try required(Platform(rawValue: string(platform, "platform")), "platform")
        try handle(client).set { $0.platform = platform }
    }
}

@c @implementation public func easysetup_client_set_authorities(
    _ client: OpaquePointer?,
    _ path: UnsafePointer<CChar>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let roots = TrustedRoots(pemFile: try string(path, "path"))
        try handle(client).set { $0.roots = roots }
    }
}

@c @implementation public func easysetup_client_set_proxy(
    _ client: OpaquePointer?,
    _ url: UnsafePointer<CChar>?,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let client = try handle(client)
        let proxies = try url.map { .proxy(try ProxyAddress(url: string($0, "url"))) } ?? ProxySettings.none
        try client.set { $0.proxies = proxies }
    }
}

@c @implementation public func easysetup_client_set_limit(
    _ client: OpaquePointer?,
    _ name: UnsafePointer<CChar>?,
    _ value: Int64,
    _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> easysetup_code {
    call(error) {
        let name = try string(name, "name")
        try handle(client).set { try $0.limits.set(name, to: value) }
    }
}

@c @implementation public func easysetup_client_free(_ client: OpaquePointer?) {
    Handles.take(client, ClientHandle.self)
}
