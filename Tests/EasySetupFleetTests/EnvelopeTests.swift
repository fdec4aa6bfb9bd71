import Crypto
import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import SeededRandom
import TestSupport
import Testing

@Suite("Messages between relays") struct EnvelopeTests {
    static let key = [UInt8](0x40..<0x60)
    static let other = [UInt8](0x60..<0x80)
    static let (one, two, three) = (RunID(number: 1), RunID(number: 2), RunID(number: 3))
    static let prefix = AddressPrefix(bytes: [192, 0, 2, 7])!

    static func keys(_ current: [UInt8] = key, _ others: [[UInt8]] = []) -> FleetKeys {
        try! FleetKeys(current: current, others: others)
    }

    static let contents: [FleetContent] = [
        FleetContent(),
        FleetContent(loose: [
            .over(TrunkID(number: .max)), .taken(offer: [UInt8](0..<16), attempt: .max),
            .call(LongPollCall(number: 1, .poll, body: [])),
            .call(LongPollCall(number: .max, .send, body: [UInt8](repeating: 7, count: 16_384))),
            .answered(LongPollAnswered(number: 1, status: 200, body: [1])), .callGone(1), .callGone(.max),
            .beat(Beat()),
            .beat(
                Beat(
                    version: 3,
                    load: 1000,
                    isDraining: true,
                    hot: (0..<64).map { SharedCount(AddressPrefix(bytes: [10, 0, 0, $0])!, .visits, count: 9) },
                    limits: CommonLimits(values: [600, .max])
                )
            ),
        ]),
        FleetContent(
            fromEntry: TrunkPart(
                trunk: TrunkID(number: 5),
                number: 1,
                items: [
                    .open(leg: 1, prefix, frame: [1]), .said(leg: 1, frame: [UInt8](repeating: 2, count: 4096)),
                    .gone(leg: .max), .ping, .pong,
                ]
            ),
            fromHome: TrunkPart(
                trunk: TrunkID(number: 6),
                number: .max,
                items: [
                    .told(leg: 1, frame: [1], hasMeeting: false), .told(leg: 2, frame: [2], hasMeeting: true),
                    .closed(leg: 1), .notHere(leg: 2), .ping, .pong,
                ]
            )
        ),
        FleetContent(fromEntry: TrunkPart(trunk: TrunkID(number: 5), number: 1, items: [])),
    ]

    // MARK: Contents

    @Test("What is written is read, and cut at any byte it is refused or shorter", arguments: contents)
    func written(content: FleetContent) throws {
        let bytes = ContentCodec.bytes(of: content)
        #expect(try ContentCodec.read(bytes) == content)
        for count in bytes.indices.prefix(300) {
            let short = try? ContentCodec.read(Array(bytes[..<count]))
            #expect(short != content)
        }
    }

    @Test("Unknown kinds, and bytes behind what is known, are skipped") func unknown() throws {
        let expected = FleetContent(
            loose: [.over(TrunkID(number: 1))],
            fromEntry: TrunkPart(trunk: TrunkID(number: 2), number: 3, items: [.gone(leg: 4), .ping])
        )
        let number = Self.eight
        // `told` is no item of an entry.
        let items =
            [200, 0, 1, 9] + [3, 0, 10] + number(4) + [9, 9] + [4, 0, 10] + number(1) + [0, 1] + [7, 0, 2, 1, 1]
        let part = number(2) + number(3) + items
        let bytes = [99, 0, 2, 1, 2] + [3, 0, 9] + number(1) + [7] + [1, 0, UInt8(part.count)] + part
        #expect(try ContentCodec.read(bytes) == expected)
    }

    @Test("What a later version says is read as far as it is known", arguments: contents)
    func later(content: FleetContent) throws {
        for channel in [FleetChannel.all, .run(Self.two)] {
            var sealer = EnvelopeSealer(run: Self.one, keys: Self.keys())
            var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
            let message = sealer.seal(content, for: channel)
            let later = try LaterMessage.of(message, on: channel, key: Self.key)
            #expect(later.count > message.count)
            var expected = content
            for (place, item) in expected.loose.enumerated() {
                if case .beat(var beat) = item {
                    beat.version = 3
                    beat.limits = CommonLimits(values: beat.limits.values + [8])
                    expected.loose[place] = .beat(beat)
                }
            }
            #expect(try opener.open(later, on: channel).content == expected)
        }
    }

    struct Bad: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let error: ContentError
    }

    static func eight(_ last: UInt8) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0, last] }
    static func section(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [kind, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
    static func up(_ item: [UInt8]) -> [UInt8] { section(1, eight(1) + eight(1) + item) }
    static func down(_ item: [UInt8]) -> [UInt8] { section(2, eight(1) + eight(1) + item) }
    static let long = [UInt8](repeating: 0, count: 4097)

    static let bad: [Bad] = [
        Bad(testDescription: "a kind alone", bytes: [1], error: .cutShort),
        Bad(testDescription: "a section that is not there", bytes: [1, 0, 5, 1], error: .cutShort),
        Bad(testDescription: "an unknown one that is not there", bytes: [99, 0, 5, 1], error: .cutShort),
        Bad(testDescription: "a short trunk", bytes: section(3, [1, 2, 3]), error: .cutShort),
        Bad(testDescription: "a short part", bytes: section(1, eight(1)), error: .cutShort),
        Bad(testDescription: "an item beyond its part", bytes: up([3, 0, 9] + eight(1)), error: .cutShort),
        Bad(testDescription: "two parts", bytes: up([]) + up([]), error: .twice),
        Bad(testDescription: "two parts of a home", bytes: down([]) + up([]) + down([]), error: .twice),
        Bad(testDescription: "message 0", bytes: section(1, eight(1) + eight(0)), error: .noNumber),
        Bad(testDescription: "leg 0", bytes: up(section(3, eight(0))), error: .noNumber),
        Bad(testDescription: "call 0", bytes: section(5, eight(0) + [1]), error: .noNumber),
        Bad(testDescription: "call 0 gone", bytes: section(8, eight(0)), error: .noNumber),
        Bad(testDescription: "no frame", bytes: up(section(2, eight(1))), error: .badLength),
        Bad(testDescription: "a long frame", bytes: up(section(2, eight(1) + long)), error: .badLength),
        Bad(testDescription: "a long told", bytes: down(section(4, eight(1) + [0] + long)), error: .badLength),
        Bad(testDescription: "no first frame", bytes: up(section(1, eight(1) + eight(2))), error: .badLength),
        Bad(testDescription: "no prefix", bytes: up(section(1, eight(1) + eight(9) + [1])), error: .badPrefix),
        Bad(
            testDescription: "a prefix with more bits than it has",
            bytes: up(section(1, eight(1) + [1] + eight(0).dropFirst() + [1])),
            error: .badPrefix
        ),
        Bad(testDescription: "half a meeting", bytes: down(section(4, eight(1) + [2, 1])), error: .badValue),
        Bad(
            testDescription: "a long call",
            bytes: section(5, eight(1) + [1] + [UInt8](repeating: 0, count: 16_385)),
            error: .badLength
        ),
        Bad(testDescription: "a beat that drains twice", bytes: section(7, [0, 1, 0, 0, 2, 0]), error: .badValue),
        Bad(testDescription: "too hot", bytes: section(7, [0, 1, 0, 0, 0, 65]), error: .tooMany),
        Bad(testDescription: "nothing hot", bytes: section(7, [0, 1, 0, 0, 0, 1]), error: .cutShort),
        Bad(
            testDescription: "half a count",
            bytes: section(7, [0, 1, 0, 0, 0, 1] + eight(2) + [4, 0]),
            error: .cutShort
        ),
    ]

    @Test("A content that breaks a rule is refused", arguments: bad) func refused(bad: Bad) {
        #expect(throws: bad.error) { try ContentCodec.read(bad.bytes) }
    }

    @Test("Every prefix is told as it is, and no other number is one") func prefixes() throws {
        let addresses: [[UInt8]] = [[192, 0, 2, 255], [255, 255, 255, 255], [0, 0, 0, 0], [UInt8](0x20..<0x30)]
        for address in addresses {
            for (prefix, _) in try #require(AddressPrefix(bytes: address)).nested {
                #expect(AddressPrefix(wireNumber: prefix.wireNumber) == prefix)
                // A bit that the prefix does not have.
                let lowest = prefix.wireNumber & 0xFF
                #expect(AddressPrefix(wireNumber: prefix.wireNumber ^ 0xF8) == nil)
                if lowest != 0, lowest != 2 { #expect(AddressPrefix(wireNumber: prefix.wireNumber | 0x100) == nil) }
            }
        }
    }

    // MARK: Envelopes

    @Test("A message is opened by the run that it is for, once") func opened() throws {
        var sealer = EnvelopeSealer(run: Self.one, keys: Self.keys())
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys(Self.other, [Self.key]))
        for content in Self.contents {
            let message = sealer.seal(content, for: .run(Self.two))
            #expect(message.count == ContentCodec.bytes(of: content).count + 37)
            let taken = try opener.open(message, on: .run(Self.two))
            #expect(taken.from == Self.one && taken.content == content)
            #expect(throws: EnvelopeError.repeated) { try opener.open(message, on: .run(Self.two)) }
        }
        #expect(sealer.counter == UInt64(Self.contents.count))
    }

    @Test("What comes after a later message is not taken, and other runs are counted apart") func order() throws {
        var sealers = [Self.one, Self.three].map { EnvelopeSealer(run: $0, keys: Self.keys()) }
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
        let first = sealers[0].seal(FleetContent(), for: .all)
        let second = sealers[0].seal(FleetContent(), for: .run(Self.two))
        _ = try opener.open(second, on: .run(Self.two))
        #expect(throws: EnvelopeError.repeated) { try opener.open(first, on: .all) }
        #expect(try opener.open(sealers[1].seal(FleetContent(), for: .all), on: .all).from == Self.three)
    }

    @Test("A message that anybody changed, or published elsewhere, is refused") func forged() throws {
        var sealer = EnvelopeSealer(run: Self.one, keys: Self.keys())
        let message = sealer.seal(FleetContent(loose: [.over(TrunkID(number: 1))]), for: .run(Self.two))
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
        for channel in [FleetChannel.all, .run(Self.three)] {
            #expect(throws: EnvelopeError.forged) { try opener.open(message, on: channel) }
        }
        for place in message.indices {
            var changed = message
            changed[place] ^= 1
            let error: EnvelopeError =
                switch place {
                case 0: .version(0)
                case 1...4: .unknownKey
                default: .forged
                }
            #expect(throws: error) { try opener.open(changed, on: .run(Self.two)) }
        }
        #expect(throws: EnvelopeError.badLength) { try opener.open(Array(message.prefix(36)), on: .run(Self.two)) }
        #expect(throws: EnvelopeError.badLength) {
            try opener.open(message + [UInt8](repeating: 0, count: 65_000), on: .run(Self.two))
        }
        #expect(throws: EnvelopeError.forged) { try opener.open(message + [0], on: .run(Self.two)) }
        // None of it counts: the message itself is taken.
        #expect(opener.senderCount == 0)
        _ = try opener.open(message, on: .run(Self.two))
    }

    @Test("A relay does not take its own beats, nor a content that breaks a rule") func own() throws {
        var sealer = EnvelopeSealer(run: Self.one, keys: Self.keys())
        let beat = sealer.seal(FleetContent(loose: [.beat(Beat())]), for: .all)
        var own = EnvelopeOpener(run: Self.one, keys: Self.keys())
        #expect(throws: EnvelopeError.own) { try own.open(beat, on: .all) }
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
        // A part of a trunk has no number 0.
        let wrong = FleetContent(fromEntry: TrunkPart(trunk: TrunkID(number: 1), number: 0, items: []))
        let message = sealer.seal(wrong, for: .run(Self.two))
        #expect(throws: EnvelopeError.content(.noNumber)) { try opener.open(message, on: .run(Self.two)) }
        // It counts all the same: a message of this run was heard.
        #expect(throws: EnvelopeError.repeated) { try opener.open(beat, on: .all) }
    }

    @Test("Keys are changed without a message lost: the new one is believed first, then used") func keys() throws {
        var sealer = EnvelopeSealer(run: Self.one, keys: Self.keys())
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
        _ = try opener.open(sealer.seal(FleetContent(), for: .all), on: .all)
        opener.replaceKeys(by: Self.keys(Self.key, [Self.other]))
        sealer.replaceKeys(by: Self.keys(Self.other))
        let message = sealer.seal(FleetContent(), for: .all)
        #expect(Array(message[1..<5]) != Array(sealer.seal(FleetContent(), for: .all)[5..<9]))
        _ = try opener.open(message, on: .all)
        opener.replaceKeys(by: Self.keys())
        #expect(throws: EnvelopeError.unknownKey) {
            try opener.open(sealer.seal(FleetContent(), for: .all), on: .all)
        }
        #expect(throws: FleetKeys.KeyTooShort.self) { try FleetKeys(current: [UInt8](repeating: 0, count: 31)) }
        #expect("\(Self.keys())" == "FleetKeys")
    }

    @Test("The runs that are remembered are few: the one that was heard longest ago is forgotten") func manyRuns()
        throws
    {
        var opener = EnvelopeOpener(run: Self.two, keys: Self.keys())
        var first = EnvelopeSealer(run: Self.one, keys: Self.keys())
        let message = first.seal(FleetContent(), for: .all)
        _ = try opener.open(message, on: .all)
        for run in 10..<UInt64(10 + EnvelopeLimits.runs) {
            var sealer = EnvelopeSealer(run: RunID(number: run), keys: Self.keys())
            _ = try opener.open(sealer.seal(FleetContent(), for: .all), on: .all)
        }
        #expect(opener.senderCount == EnvelopeLimits.runs)
        // That it can be heard again is the price.
        _ = try opener.open(message, on: .all)
    }
}

extension FleetContent: CustomTestStringConvertible {
    package var testDescription: String {
        "\(loose.count) loose, \(fromEntry?.items.count ?? 0), \(fromHome?.items.count ?? 0)"
    }
}
