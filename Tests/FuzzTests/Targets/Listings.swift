import EasySetupSeed

@testable import EasySetupChain

/// A listing of version 0: lines as they come, or lines that have this chain's user id put before them, which no mutation
/// would find. Its lines in another order and twice must say the same.
@Sendable func version0Listing(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    let hasUser = script.flag()
    let seed = Version0Seed.seed
    let prefix = hasUser ? Array("0/\(seed.userID.base64)/".utf8) : []
    let lines = script.remainder().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { prefix + $0 }
    let (items, refused) = try read(lines)
    let (again, refusedAgain) = try read(lines.reversed() + lines)
    try hold(items == again, "another order or a repetition of the lines gives other records")
    // A byte order mark counts before the first line alone.
    let marks = lines.contains { $0.starts(with: [0xEF, 0xBB, 0xBF]) }
    try hold(marks || refusedAgain == refused.mapValues { 2 * $0 }, "another order of the lines gives other faults")
    let times = items.map { item in
        switch item {
        case .record(let record): record.time
        case .unread(let record): record.time
        }
    }
    try hold(times == times.sorted(), "records are not in the order of their times")
    for case .record(let record) in items {
        let shown = Version0Shown(record)
        try checkShown(shown)
    }
}

private func checkShown(_ shown: Version0Shown) throws(BrokenRule) {
    let text = (shown.kind + shown.action + shown.title).unicodeScalars
    try hold(text.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) }, "control characters")
    try hold(shown.title.utf8.count < 300, "a line of a record is long")
}

private func read(_ lines: [[UInt8]]) throws(BrokenRule) -> ([Version0Item], [Version0NameFault: Int]) {
    var listing = Version0Listing(of: Version0Seed.seed.userID)
    var items: [Version0Item] = []
    do throws(Version0Listing.TooLarge) {
        for line in lines {
            try listing.append(line.span)
            try listing.endLine()
        }
    } catch {
        throw BrokenRule(description: "a short listing is too large")
    }
    listing.forEach(key: Version0Seed.seed.secretboxKey()) { items.append($0) }
    return (items, listing.refused.mapValues(\.count))
}

/// The content of a record of version 0: any plaintext, as the seal would give it.
@Sendable func version0Content(_ input: [UInt8]) throws(BrokenRule) {
    let record = Version0Record(category: .bookmarks, time: 0, plaintext: input)
    let shown = Version0Shown(record)
    try checkShown(shown)
    try hold(Version0Content(record) != nil || shown.kind == "unknown", "an unreadable record has a kind")
}

/// The seed of the vectors, so that their listings are inputs to start from.
enum Version0Seed {
    static let seed = {
        let bytes = Array(UInt8(0)..<32)
        return try! SyncSeed(bytes: SecretBytes(copying: bytes.span.bytes))
    }()
}
