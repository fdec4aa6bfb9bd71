import EasySetup
import EasySetupHandshake

// Inputs from the environment and from proxies, to a device that looks for a way to its relay.

/// A parsed value is consistent, and an error repeats nothing of the text that could not be parsed.
@Sendable func proxyAddress(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    do {
        let address = try ProxyAddress(url: text)
        try hold((1...65_535).contains(address.port) && !address.host.isEmpty, "a proxy is nowhere")
        let again = try? ProxyAddress(url: (address.isTLS ? "https://" : "http://") + address.description)
        try hold(again?.description == address.description, "an address reads as another when written again")
        try hold(!address.description.contains("@"), "a description has more than host and port")
    } catch let error as BrokenRule {
        throw error
    } catch let error as PairingError {
        guard case .proxyAddress = error.kind else { throw BrokenRule(description: "another error") }
    } catch {
        throw BrokenRule(description: "an error without a type")
    }
}

/// A list with one more entry still contains the same hosts.
@Sendable func noProxy(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    let list = NoProxyList(text)
    let longer = NoProxyList(text + ",example.org,10.0.0.0/8")
    for host in ["relay.example", "10.1.2.3", "2001:db8::1", "fe80::1%eth0", "127.0.0.1"] {
        guard let relay = RelayAddress(host: host, port: 443, isPlain: false) else { continue }
        try hold(!list.contains(relay) || longer.contains(relay), "more entries leave out less")
    }
}

/// The wait is never negative, and never longer than an hour.
@Sendable func retryAfter(_ input: [UInt8]) throws(BrokenRule) {
    guard let wait = RetryAfter.wait(String(decoding: input, as: UTF8.self), now: 1_000_000_000) else { return }
    try hold(wait >= .zero && wait <= RetryAfter.longest, "a wait is out of bounds")
}

/// In whatever pieces the bytes arrive, the answer is the same.
@Sendable func tunnelAnswer(_ input: [UInt8]) throws(BrokenRule) {
    var whole = TunnelAnswer(limit: 256, isCredentialed: true)
    let end = whole.read(input, now: 0)
    var pieces = TunnelAnswer(limit: 256, isCredentialed: true)
    var last = TunnelAnswer.Step.more
    var used = 0
    while last == .more, used < input.count {
        last = pieces.read(input[used...used], now: 0)
        used += 1
    }
    if case .open(let rest) = last { last = .open(rest: rest + input[used...]) }
    try hold(last == end, "an answer depends on how it came")
}
