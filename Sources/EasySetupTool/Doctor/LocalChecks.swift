import EasySetup

/// The relay's address, and the place that names it.
struct AddressCheck: DoctorCheck {
    let relay: RelayAddress
    /// The place in words, such as `line 3 of FILE`.
    let source: String
    /// The fault of an IP address in place of the host's name; nil if there is none.
    var fault: PairingError?

    var findings: [Finding] {
        if let fault { return [.fault(.address, fault)] }
        let url = "\(relay.isPlain ? "ws" : "wss")://\(relay.authority)"
        guard relay.isPlain, !relay.isLoopback else {
            return [.good(.address, "The relay is \(url), named by \(source).")]
        }
        return [
            .warning(
                .address,
                "The relay is \(url), named by \(source): a connection without TLS to another machine.",
                "Give the relay a certificate, or put a proxy with one before it, and write wss:// in place of ws://."
            )
        ]
    }
}

/// The proxy between this device and the relay, as the environment's variables choose it.
struct ProxyCheck: DoctorCheck {
    let relay: RelayAddress
    /// The variable that names a proxy; nil if none is set.
    let variable: String?
    /// The proxy that a device uses; nil where it connects without one.
    let proxy: Result<ProxyAddress?, PairingError>

    var findings: [Finding] {
        switch (proxy, variable) {
        case (.failure(let error), _): return [.fault(.proxy, error)]
        case (.success(let proxy?), let variable):
            let name = "\(proxy.isTLS ? "https" : "http")://\(proxy)"
            return [.good(.proxy, "Devices here go through the proxy \(name), named by \(variable ?? "a variable").")]
        case (.success(nil), nil): return [.good(.proxy, "No variable names a proxy.")]
        case (.success(nil), let variable?):
            let why = relay.isLoopback ? "the relay is on this machine" : "NO_PROXY has the relay's host"
            return [.good(.proxy, "\(variable) names a proxy, and it is not used, because \(why).")]
        }
    }
}

/// The certificate authorities that this device trusts.
struct AuthoritiesCheck: DoctorCheck {
    let relay: RelayAddress
    /// Where the authorities are, in words.
    let place: String
    /// The fault of the authorities; nil if there is none.
    let fault: PairingError?

    var findings: [Finding] {
        if let fault { return [.fault(.authorities, fault)] }
        guard !relay.isPlain else { return [.skipped(.authorities, "Without TLS nobody is trusted.")] }
        return [.good(.authorities, "Trusted are \(place).")]
    }
}
