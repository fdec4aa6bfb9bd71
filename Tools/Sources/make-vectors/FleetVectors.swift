import Crypto
import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol

func fleetVectors() throws -> [VectorFile] {
    [
        VectorFile(
            name: "fleet-messages.json",
            content: .object([
                ("kind", "fleet-messages"),
                ("about", "What relays of a fleet say to each other, by fleet.md. No device needs it."),
                ("contents", .array(contents.map { content($0.why, $0.content) })),
                ("skipped", .array(try skipped())),
                ("bad_contents", .array(try badContents())),
                ("messages", try messages()),
                ("directory", try directory()),
            ])
        )
    ]
}

private let key = Array(UInt8(0x40)..<0x60)
private let otherKey = Array(UInt8(0x60)..<0x80)
private let sender = RunID(number: 0x0102_0304_0506_0708)
private let receiver = RunID(number: 0x1112_1314_1516_1718)
private let other = RunID(number: 0x2122_2324_2526_2728)
private let ipv4 = AddressPrefix(bytes: [192, 0, 2, 7])!
private let ipv6 = AddressPrefix(bytes: [0x20, 0x01, 0x0D, 0xB8, 1, 2, 3, 4] + [UInt8](repeating: 0, count: 8))!

private let contents: [(why: String, content: FleetContent)] = [
    ("nothing", FleetContent()),
    (
        "an entry opens a leg",
        FleetContent(
            fromEntry: TrunkPart(
                trunk: TrunkID(number: 0x3132_3334_3536_3738),
                number: 1,
                items: [.open(leg: 1, ipv4, frame: [0x12, 5, 0x0A, 3, 0x4B, 0x37, 0x51])]
            )
        )
    ),
    (
        "all items of an entry, and all of a home, in one message",
        FleetContent(
            fromEntry: TrunkPart(
                trunk: TrunkID(number: 0x3132_3334_3536_3738),
                number: 2,
                items: [.open(leg: 2, ipv6, frame: [1]), .said(leg: 1, frame: [2, 3]), .gone(leg: 1), .ping, .pong]
            ),
            fromHome: TrunkPart(
                trunk: TrunkID(number: 0x4142_4344_4546_4748),
                number: .max,
                items: [
                    .told(leg: 1, frame: [4], hasMeeting: false), .told(leg: 2, frame: [5], hasMeeting: true),
                    .closed(leg: 1), .notHere(leg: .max), .ping, .pong,
                ]
            )
        )
    ),
    (
        "what belongs to no trunk",
        FleetContent(loose: [
            .over(TrunkID(number: 0x3132_3334_3536_3738)), .taken(offer: Array(0x80..<0x90), attempt: 3),
            .call(LongPollCall(number: 1, .send, body: [1, 2])), .call(LongPollCall(number: 2, .poll, body: [])),
            .answered(LongPollAnswered(number: 1, status: 200, body: [3])), .callGone(2),
        ])
    ),
    ("a beat", FleetContent(loose: [.beat(Beat(version: 1, load: 250))])),
    (
        "a beat of a relay that drains, with prefixes of all kinds",
        FleetContent(loose: [
            .beat(
                Beat(
                    version: 1,
                    load: 1000,
                    isDraining: true,
                    hot: zip(
                        Array(ipv4.nested) + Array(ipv6.nested),
                        [SharedCount.Event.offers, .visits, .misses, .offers, .visits]
                    ).map { SharedCount($0.prefix, $1, count: 300) }
                )
            )
        ])
    ),
    (
        "a beat with the limits in common",
        FleetContent(loose: [.beat(Beat(load: 250, limits: CommonLimits(values: [600, 300, 16, 20, 60, 20, 600])))])
    ),
]

private func content(_ why: String, _ content: FleetContent) -> JSON {
    .object([
        ("why", .string(why)), ("sections", .array(sections(content))),
        ("bytes", .hex(ContentCodec.bytes(of: content))),
    ])
}

private func directory() throws -> JSON {
    let keys = try FleetKeys(current: key)
    let offer = OfferID(Array(0x80..<0x90))!
    return .object([
        ("key", .hex(key)),
        (
            "rooms",
            .array(
                ["K7Q", "K7Q29M"].map { symbols in
                    let name = keys.names(of: Slot(symbols)!, offer)[0]
                    return .object([
                        ("slot", .string(symbols)), ("offer", .hex(offer.bytes)), ("slot_name", .hex(name.slot)),
                        ("offer_name", .hex(name.offer)),
                    ])
                }
            )
        ),
    ])
}

// MARK: What the bytes say

private func sections(_ content: FleetContent) -> [JSON] {
    var sections = content.loose.map(section)
    if let part = content.fromEntry { sections.append(section("from entry", part, item)) }
    if let part = content.fromHome { sections.append(section("from home", part, item)) }
    return sections
}

private func section<Item>(_ name: String, _ part: TrunkPart<Item>, _ item: (Item) -> JSON) -> JSON {
    .object([
        ("section", .string(name)), ("trunk", .hex(bytes(part.trunk.number))), ("number", .hex(bytes(part.number))),
        ("items", .array(part.items.map(item))),
    ])
}

private func section(_ item: LooseItem) -> JSON {
    switch item {
    case .over(let trunk): .object([("section", "over"), ("trunk", .hex(bytes(trunk.number)))])
    case .taken(let offer, let attempt):
        .object([("section", "taken"), ("offer", .hex(offer)), ("attempt", .integer(Int(attempt)))])
    case .call(let call):
        .object([
            ("section", "call"), ("number", .hex(bytes(call.number))),
            ("call", .string(call.kind == .send ? "send" : "poll")), ("body", .hex(call.body)),
        ])
    case .answered(let answer):
        .object([
            ("section", "answered"), ("number", .hex(bytes(answer.number))), ("status", .integer(Int(answer.status))),
            ("body", .hex(answer.body)),
        ])
    case .callGone(let number): .object([("section", "call gone"), ("number", .hex(bytes(number)))])
    case .beat(let beat):
        .object([
            ("section", "beat"), ("version", .integer(Int(beat.version))), ("load", .integer(Int(beat.load))),
            ("draining", .boolean(beat.isDraining)),
            (
                "hot",
                .array(
                    beat.hot.map {
                        .object([
                            ("prefix", .hex(bytes($0.prefix.wireNumber))), ("counted", .string("\($0.event)")),
                            ("count", .integer(Int($0.count))),
                        ])
                    }
                )
            ),
            ("limits", .array(beat.limits.values.map { .integer(Int($0)) })),
        ])
    }
}

private func item(_ item: EntryItem) -> JSON {
    switch item {
    case .open(let leg, let prefix, let frame):
        .object([
            ("item", "open"), ("leg", .hex(bytes(leg))), ("prefix", .hex(bytes(prefix.wireNumber))),
            ("frame", .hex(frame)),
        ])
    case .said(let leg, let frame):
        .object([("item", "said"), ("leg", .hex(bytes(leg))), ("frame", .hex(frame))])
    case .gone(let leg): .object([("item", "gone"), ("leg", .hex(bytes(leg)))])
    case .ping: .object([("item", "ping")])
    case .pong: .object([("item", "pong")])
    }
}

private func item(_ item: HomeItem) -> JSON {
    switch item {
    case .told(let leg, let frame, let hasMeeting):
        .object([
            ("item", "told"), ("leg", .hex(bytes(leg))), ("meeting", .boolean(hasMeeting)), ("frame", .hex(frame)),
        ])
    case .closed(let leg): .object([("item", "closed"), ("leg", .hex(bytes(leg)))])
    case .notHere(let leg): .object([("item", "notHere"), ("leg", .hex(bytes(leg)))])
    case .ping: .object([("item", "ping")])
    case .pong: .object([("item", "pong")])
    }
}

private func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
}

// MARK: Other forms

private func section(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
    [kind, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
}

private func part(_ kind: UInt8, _ items: [UInt8], number: UInt64 = 1) -> [UInt8] {
    section(kind, bytes(7) + bytes(number) + items)
}

/// Bytes that a later version may write, and those that a reader of this version makes of them.
private func skipped() throws -> [JSON] {
    let cases: [(String, [UInt8])] = [
        ("a section of an unknown kind", section(200, [1, 2]) + section(3, bytes(9))),
        ("bytes behind a section of fixed length", section(3, bytes(9) + [1])),
        ("an item of an unknown kind", part(1, section(200, [1]) + section(7, []))),
        ("bytes behind an item of fixed length", part(1, section(3, bytes(1) + [1]))),
        ("an item of the other side", part(1, section(5, bytes(1)) + section(7, []))),
        ("an unknown kind of call", section(5, bytes(1) + [3])),
        ("an unknown count", section(7, [0, 1, 0, 0, 0, 1] + bytes(2) + [4, 0, 1])),
    ]
    return try cases.map { why, written in
        .object([
            ("why", .string(why)), ("bytes", .hex(written)),
            ("read_as", .hex(ContentCodec.bytes(of: try ContentCodec.read(written)))),
        ])
    }
}

private func badContents() throws -> [JSON] {
    let long = [UInt8](repeating: 0, count: 4097)
    let cases: [(String, [UInt8])] = [
        ("a kind without a length", [3]), ("a section that is not there", [3, 0, 8, 1]),
        ("an unknown section that is not there", [200, 0, 8, 1]), ("a short trunk", section(3, [1, 2])),
        ("a part without a number", section(1, bytes(7))), ("an item beyond its part", part(1, [3, 0, 9] + bytes(1))),
        ("two parts from an entry", part(1, []) + part(1, [])), ("two parts from a home", part(2, []) + part(2, [])),
        ("the message 0", part(1, [], number: 0)), ("the leg 0", part(2, section(5, bytes(0)))),
        ("the call 0", section(5, bytes(0) + [1])), ("no frame", part(1, section(2, bytes(1)))),
        ("a frame of 4097 bytes", part(2, section(4, bytes(1) + [0] + long))),
        ("a body of 16,385 bytes", section(5, bytes(1) + [1] + [UInt8](repeating: 0, count: 16_385))),
        ("an unknown kind of prefix", part(1, section(1, bytes(1) + bytes(5) + [1]))),
        ("a /24 with more than 24 bits", part(1, section(1, bytes(1) + bytes(0xC000_0207_01) + [1]))),
        ("a meeting that is 2", part(2, section(4, bytes(1) + [2, 1]))),
        ("a beat that drains 2", section(7, [0, 1, 0, 0, 2, 0])),
        ("a beat of 65 prefixes", section(7, [0, 1, 0, 0, 0, 65])),
        ("a beat without its prefix", section(7, [0, 1, 0, 0, 0, 1])),
    ]
    return try cases.map { why, bytes in
        do throws(ContentError) {
            _ = try ContentCodec.read(bytes)
        } catch {
            return .object([("why", .string(why)), ("bytes", .hex(bytes)), ("error", .string("\(error)"))])
        }
        throw GoodVector(why: why)
    }
}

/// The error that a content which must be refused was read.
private struct GoodVector: Error {
    let why: String
}

// MARK: Sealed

private func messages() throws -> JSON {
    let keys = try FleetKeys(current: key)
    var sealer = EnvelopeSealer(run: sender, keys: keys)
    let channels: [FleetChannel] = [.run(receiver), .run(receiver), .run(receiver), .run(receiver), .all, .all]
    let sealed = zip(contents, channels).map { (sealer.seal($0.content, for: $1), $0, $1) }
    let last = sealed[sealed.count - 1].0
    var strange = EnvelopeSealer(run: sender, keys: try FleetKeys(current: otherKey))
    var own = EnvelopeSealer(run: receiver, keys: keys)
    let opening = FleetContent(loose: [.over(TrunkID(number: 1))])
    let next = sealer.seal(opening, for: .run(receiver))
    let bad: [(String, FleetChannel, [UInt8], String)] = [
        ("published to all in place of one", .all, next, "forged"),
        ("of an unknown key", .all, strange.seal(opening, for: .all), "unknownKey"),
        ("the receiver's own", .all, own.seal(opening, for: .all), "own"),
        ("heard already", .all, last, "repeated"), ("without a whole tag", .all, Array(last.prefix(36)), "badLength"),
        ("of another version", .all, [2] + last.dropFirst(), "version"),
        ("of another run", .all, Array(last.prefix(5)) + other.bytes + last.dropFirst(13), "forged"),
        ("with another counter", .all, Array(last.prefix(20)) + [99] + last.dropFirst(21), "forged"),
        (
            "with a changed content", .all, Array(last.dropLast(17)) + [last[last.count - 17] ^ 1] + last.suffix(16),
            "forged"
        ),
    ]
    let root = SymmetricKey(data: key)
    let runKey = HKDF<SHA256>.deriveKey(
        inputKeyMaterial: root,
        info: Array("EasySetup relay v1 fleet".utf8) + sender.bytes,
        outputByteCount: 32
    )
    return .object([
        ("key", .hex(key)), ("key_id", .hex(sealed[0].0[1..<5])), ("sender", .hex(sender.bytes)),
        ("sender_key", .hex(runKey.withUnsafeBytes { Array($0) })), ("receiver", .hex(receiver.bytes)),
        (
            "good",
            .array(
                sealed.enumerated().map { index, sealed in
                    .object([
                        ("why", .string(sealed.1.why)), ("channel", name(sealed.2)), ("counter", .integer(index + 1)),
                        ("content", .hex(ContentCodec.bytes(of: sealed.1.content))), ("message", .hex(sealed.0)),
                    ])
                }
            )
        ),
        (
            "bad",
            .array(
                bad.map { why, channel, message, error in
                    .object([
                        ("why", .string(why)), ("channel", name(channel)), ("message", .hex(message)),
                        ("error", .string(error)),
                    ])
                }
            )
        ),
    ])
}

private func name(_ channel: FleetChannel) -> JSON {
    switch channel {
    case .all: "all"
    case .run(let run): .hex(run.bytes)
    }
}
