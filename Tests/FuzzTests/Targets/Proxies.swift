@testable import EasySetupRelay

// Headers that proxies write, with entries that strangers add to their left.

private let limits = ConnectionLimits()

/// In whatever pieces the bytes arrive, the header is the same, and it is known as soon as it is complete.
@Sendable func proxyHeader(_ input: [UInt8]) throws(BrokenRule) {
    let end = ProxyHeader.parse(input, limits: limits)
    if case .header(let header) = end {
        try hold(header.byteCount <= min(input.count, limits.proxyHeaderBytes), "a header is longer than what came")
    }
    var last = ProxyHeader.Parsed.incomplete
    for count in 0...input.count {
        let parsed = ProxyHeader.parse(input.prefix(count), limits: limits)
        try hold(last == .incomplete || parsed == last, "a header changes with what follows it")
        if case .header(let header) = parsed, last == .incomplete {
            try hold(header.byteCount == count, "a header is known too late")
        }
        last = parsed
    }
    try hold(last == end, "a header depends on how it came")
}

/// Text to the left of a proxy's entry must not change the entry's meaning.
@Sendable func forwarded(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let header: ForwardedHeader = script.flag() ? .forwarded : .xForwardedFor
    let stranger = String(decoding: script.bytes(Int(script.byte())), as: UTF8.self)
    let lines = script.remainder().split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    var entries = ForwardedEntries(lines: lines, of: header, limits: limits)
    var count = 0
    while entries.next() != nil { count += 1 }
    try hold(count <= limits.forwardedEntries, "\(count) entries are read")

    guard let line = lines.last else { return }
    var alone = ForwardedEntries(lines: [line], of: header, limits: limits)
    guard case .address(let address)? = alone.next() else { return }
    for others in [[stranger + "," + line], [stranger, line]] {
        var beside = ForwardedEntries(lines: others, of: header, limits: limits)
        try hold(beside.next() == .address(address), "a stranger changes what a proxy says")
    }
}

@Sendable func addressBlock(_ input: [UInt8]) throws(BrokenRule) {
    _ = PeerAddress(node: input)
    let text = String(decoding: input, as: UTF8.self)
    let block = AddressBlock(text)
    guard let address = PeerAddress(text: input) else { return }
    try hold(block?.contains(address) == true, "an address is not in its own range")
    try hold(address.prefix != nil, "an address has no prefix")
    try hold(PeerAddress(node: input) == address, "an address is another in a header")
}
