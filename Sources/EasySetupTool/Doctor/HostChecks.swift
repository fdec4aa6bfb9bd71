import EasySetup

extension PairingError {
    /// The same fault of the proxy's host in place of the relay's.
    fileprivate var asProxys: PairingError {
        if case .relayUnreachable(let cause) = kind { .proxyFailed(.unreachable(cause)) } else { self }
    }
}

/// The addresses of the host's name.
struct NameCheck: DoctorCheck {
    let host: String
    /// Whether the host is a proxy, not the relay.
    let isProxys: Bool
    /// The addresses; nil where the host is an IP address itself.
    let addresses: HostAddresses?

    var findings: [Finding] {
        let subject = isProxys ? "The proxy's name \(host)" : host
        guard let addresses else { return [.skipped(.name, "The host is an IP address, and needs no name.")] }
        let found = [addresses.ipv4, addresses.ipv6].map { (try? $0.get())?.count ?? 0 }
        let errors = [addresses.ipv4, addresses.ipv6].compactMap { result in
            if case .failure(let error) = result { error } else { nil }
        }
        let unanswered = errors.first { $0.causeCode == .nameLookup }
        guard found != [0, 0] else {
            let error = unanswered ?? errors.first ?? .relayUnreachable(.nameWithoutAddress(host))
            return [.fault(.name, isProxys ? error.asProxys : error)]
        }
        let what =
            "\(subject) has \(Spoken.count(found[0], "IPv4 address", "IPv4 addresses")) (A) and "
            + "\(Spoken.count(found[1], "IPv6 address", "IPv6 addresses")) (AAAA)."
        guard unanswered != nil else { return [.good(.name, what)] }
        return [
            .warning(
                .name,
                "\(what) Nobody answered the question for \(found[0] == 0 ? "IPv4" : "IPv6") addresses.",
                "Ask who keeps the domain's name servers, or this network's, to answer it, if only with none."
            )
        ]
    }
}

/// Whether something listens at each address.
struct PortCheck: DoctorCheck {
    let results: [(address: String, isIPv6: Bool, result: Result<Duration, PairingError>)]
    /// Whether the host is a proxy, not the relay.
    var isProxys = false

    var findings: [Finding] {
        let isReached = results.contains { (try? $0.result.get()) != nil }
        return results.map { address, isIPv6, result in
            switch result {
            case .success(let time):
                return .good(.port, "\(address) answers after \(Spoken.time(time)).", at: address, time: time)
            case .failure(let error):
                // A device without IPv6 is no fault of a relay that has both.
                if isReached, isIPv6, error.causeCode == .noNetwork {
                    return .skipped(.port, "\(address) can't be tried: this device has no IPv6.", at: address)
                }
                let told = isProxys ? error.asProxys : error
                return .fault(.port, told, isReached ? .warning : .wrong, at: address)
            }
        }
    }
}

/// TLS and the certificate at each address.
struct TLSCheck: DoctorCheck {
    /// The results by address; the address is nil behind a proxy, which chooses it.
    let results: [(address: String?, result: Result<TLSFacts, PairingError>)]

    /// A certificate with fewer days left is told as a warning. Authorities that issue by ACME renew a month before.
    static let leastDays = 14

    var findings: [Finding] {
        results.map { address, result in
            switch result {
            case .failure(let error): return .fault(.tls, error, at: address)
            case .success(let facts):
                let days = (facts.expires - facts.clock) / 86_400
                let what =
                    "\(address.map { "At \($0): " } ?? "")TLS \(facts.version), a trusted certificate for this name, which "
                    + "expires in \(Spoken.count(days, "day"))."
                guard days < Self.leastDays else {
                    return .good(.tls, what, at: address, time: facts.took)
                }
                return Finding(
                    check: .tls,
                    verdict: .warning,
                    what: what,
                    advice: "Renew it now, then send the relay SIGHUP; look why it was not renewed by itself.",
                    address: address,
                    time: facts.took
                )
            }
        }
    }
}
