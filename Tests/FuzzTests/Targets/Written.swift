import EasySetup
import EasySetupHandshake
import EasySetupSeed

// Texts that people type, scan or paste: a parsed value that is written and parsed again stays the same.

@Sendable func code(_ input: [UInt8]) throws(BrokenRule) {
    guard let code = try? PairingCode(typed: input.span) else { return }
    let written = code.revealed()
    let again = try? PairingCode(typed: written)
    try hold(again?.slot == code.slot, "a code leads to another slot when written again")
    try hold(again?.secret.isEqual(to: code.secret) == true, "a code has another secret when written again")
    try hold(again?.revealed() == written, "a code is written in two ways")
    _ = code.isRude
}

@Sendable func link(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    let strict = try? PairingLink(parsing: text)
    guard let link = try? PairingLink(parsing: text, allowPlain: true) else {
        return try hold(strict == nil, "a link is read only when less is allowed")
    }
    let again = try? PairingLink(parsing: link.revealed(), allowPlain: true)
    try hold(again?.revealed() == link.revealed(), "a link reads as another when written again")
    try hold(again?.secret.isEqual(to: link.secret) == true, "a link has another secret when written again")
    try hold((strict != nil) == (!link.relay.isPlain || link.relay.isLoopback), "a plain link is read unasked")
    try hold(PairingLink.isMeant(by: text), "a link is not known as one")
}

@Sendable func relayAddress(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    let strict = try? RelayAddress(url: text)
    guard let address = try? RelayAddress(url: text, allowPlain: true) else {
        return try hold(strict == nil, "an address is read only when less is allowed")
    }
    try hold((strict != nil) == (!address.isPlain || address.isLoopback), "a plain address is read unasked")
    let scheme = address.isPlain ? "ws" : "wss"
    let again = try? RelayAddress(url: "\(scheme)://\(address.authority)", allowPlain: true)
    try hold(again == address, "an address reads as another when written again")
    let inLink = RelayAddress(authority: address.authority[...], isPlain: address.isPlain)
    try hold(
        inLink == (address.zone == nil ? address : nil),
        "an address can't be read in a link, or one with a zone can"
    )
    try hold(!text.contains("+"), "a port has a sign")
    try hold(address.host.utf8.allSatisfy { $0 < 128 }, "a host is not ASCII")
}

@Sendable func deviceName(_ input: [UInt8]) throws(BrokenRule) {
    let text = String(decoding: input, as: UTF8.self)
    if let cleaned = DeviceName(cleaning: text) {
        try hold(DeviceName(strict: cleaned.description) == cleaned, "a peer would refuse a cleaned name")
        try hold(DeviceName(cleaning: cleaned.description) == cleaned, "a name is cleaner when cleaned again")
    }
    if let strict = DeviceName(strict: text) {
        try hold(DeviceName(cleaning: text) == strict, "a good name is changed by cleaning")
    }
}

@Sendable func seedText(_ input: [UInt8]) throws(BrokenRule) {
    // A text that is added line by line gives the same result as a whole, and its error contains nothing of it.
    var reader = SeedReader()
    for line in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        reader.append(line: Array(line).span.bytes)
    }
    let whole = try? SyncSeed.read(written: input.span.bytes)
    let isSame = whole.map { seed in (try? reader.seed())?.isSame(as: seed) == true } ?? true
    try hold(isSame || input.count >= SyncSeed.maximumWrittenBytes, "a text in lines is another seed")
    if case .wrongWords(let words) = reader.reading {
        for word in words { _ = reader.suggestions(forWord: word.position) }
        try? reader.correct(word: words[0].position, to: UserText(copying: "abandon"))
    }
    guard let seed = whole else { return }
    let again = [
        try? SyncSeed.read(written: seed.recoveryPhrase.utf8),
        try? SyncSeed.read(written: seed.link.utf8),
        try? SyncSeed.read(written: seed.hex.utf8),
        try? SyncSeed.read(written: seed.base64.utf8),
    ]
    for other in again {
        try hold(other?.isSame(as: seed) == true, "a seed is another when written and read again")
    }
}
